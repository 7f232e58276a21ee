"""Allocate: who is worked today and how, when there is less capacity than work.

Words   an *option* is one way to work one account today and what it is worth; a *price* is what one more place in a
        channel would be worth; the *bound* is a total that no plan can pass.
Does    at most one contact a person, within the capacity of channels and teams and within the budget; forced options and
        floors of coverage first, then priority by priority.
Not     decides nothing about law or worth: options that may not be used must not come in, values come with them.
"""

from recaudo.engine.allocate.plan import MissingColumn, Plan, Shortfall, plan

__all__ = ["MissingColumn", "Plan", "Shortfall", "plan"]
