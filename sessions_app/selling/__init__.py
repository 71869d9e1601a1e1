"""How sessions begin, by the API or by a payment link, and end by an operator."""
