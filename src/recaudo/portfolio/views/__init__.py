"""Pages of the portfolio, one module per noun: translate, call once, render."""
