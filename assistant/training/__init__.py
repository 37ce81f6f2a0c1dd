"""How the shipped intent model is made: sentences, tokens, training, export, proof. Never imported by the daemon."""
