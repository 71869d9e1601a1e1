"""The books: what was received, refunded, collected and paid for, written once; statements and files made of it."""
