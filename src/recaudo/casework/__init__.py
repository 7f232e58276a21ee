"""The spine: one case per person, every action and outcome of every channel, holds, and the gate that gives out Permits.

Words: *case*, the open work on a person, all accounts inside; *action*, one attempt to reach (or to do) something, planned or
done, on any channel; *outcome*, how it ended, a disposition of the catalogue; *permit*, the frozen answer that this action may
reach this contact point now; *hold*, a reason to stop, narrow or wide; *wave*, the actions of a run on one channel that a second
person releases. Nothing reaches a debtor without a Permit, and only `casework.clear` makes one.
"""
