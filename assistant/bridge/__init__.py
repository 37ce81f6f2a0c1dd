"""The cloud's end: durable orders and the services behind them."""
