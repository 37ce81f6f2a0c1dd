"""The last gate before anything happens: it judges effects (signals and values), never the words that led to them."""
