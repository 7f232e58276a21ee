"""Spanish names of the portfolio's codes, and its few components. `{% load portfolio %}`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from recaudo.engine.facts import BUCKET_ES, KIND_ES
from recaudo.kernel.money import shown
from recaudo.portfolio.queries import METHOD_ES, PAYMENT_ES, PLACE_ES, POINT_ES, SOURCE_ES, STATUS_ES
from recaudo.portfolio.services.consents import CONSENT_ES
from recaudo.portfolio.services.documents import DOCUMENT_ES
from recaudo.ui.templatetags.ui import chip, link

register = template.Library()

PAYMENT_TONE = {"applied": "ok", "unidentified": "warn", "reversed": "bad", "rejected": "bad"}
POINT_TONE = {"valid": "ok", "unverified": "muted", "stale": "warn", "invalid": "bad", "wrong_party": "bad", "opted_out": "bad"}
# Colours of the house by age; attributes, for pages have no styles.
BUCKET_FILL = {
    "CUR": ("good", 0.8), "B1": ("warn", 0.4), "B2": ("warn", 0.7), "B3": ("warn", 1), "B4": ("bad", 0.45), "B5": ("bad", 0.7),
    "B6": ("bad", 1), "WO": ("muted", 0.8),
}  # fmt: skip
POINT_ICON = {"phone": "phone", "im": "brand-whatsapp", "email": "mail", "address": "map-pin"}


def _named(name: str, names: dict[str, str]) -> None:
    register.filter(name, lambda code: names.get(code, code) or "—")


for _name, _names in {
    "book_kind": KIND_ES, "bucket_name": BUCKET_ES, "payment_method": METHOD_ES, "contact_kind": POINT_ES, "contact_place": PLACE_ES,
    "contact_source": SOURCE_ES, "contact_icon": POINT_ICON, "consent_kind": CONSENT_ES, "document_kind": DOCUMENT_ES,
}.items():  # fmt: skip
    _named(_name, _names)


@register.simple_tag
def payment_chip(status: str) -> SafeString:
    return chip(PAYMENT_ES.get(status, status), PAYMENT_TONE.get(status, "muted"))


@register.simple_tag
def contact_chip(status: str) -> SafeString:
    return chip(STATUS_ES.get(status, status), POINT_TONE.get(status, "muted"))


@register.filter
def account_path(account: Any) -> str:
    """Address of an account's page. The page is a context's above; where it is not there, the portfolios."""
    try:
        return link("desk:account", account.id)
    except NoReverseMatch:
        return reverse("portfolio:portfolios")


@register.simple_tag
def account_link(account: Any) -> SafeString:
    return format_html('<a class="strong" href="{}">{}</a>', account_path(account), account.number)


@register.simple_tag
def bucket_bar(shares: Iterable[Any], currency: str) -> SafeString:
    """The balance by bucket as one bar; each part says its name, accounts and balance. Widths are attributes: pages have no styles."""
    shares = list(shares)
    if not any(share.share for share in shares):
        return format_html('<span class="muted">{}</span>', "sin saldo")
    told = ", ".join(f"{BUCKET_ES.get(share.bucket, share.bucket)} {share.share * 100:.0f} %" for share in shares if share.share)
    parts = format_html_join(
        "",
        '<rect fill="var(--rc-{})" fill-opacity="{}" x="{}%" width="{}%" height="100%"><title>{}: {} cuentas, {}</title></rect>',
        (
            (*BUCKET_FILL.get(share.bucket, ("muted", 0.5)), f"{share.start * 100:.2f}", f"{share.share * 100:.2f}", BUCKET_ES.get(share.bucket, share.bucket),
             intcomma(share.account_count), shown(share.balance_minor, currency))
            for share in shares if share.share
        ),
    )  # fmt: skip
    return format_html('<svg class="bucket-bar" role="img" aria-label="Saldo por tramo: {}" width="180" height="14">{}</svg>', told, parts)


@register.simple_tag
def bucket_legend() -> SafeString:
    """What each colour of `bucket_bar` is."""
    return format_html_join(
        " ",
        '<span class="nowrap"><svg width="12" height="12" aria-hidden="true"><rect fill="var(--rc-{})" fill-opacity="{}" width="12" height="12"></rect></svg> {}</span>',
        ((*fill, BUCKET_ES.get(bucket, bucket)) for bucket, fill in BUCKET_FILL.items()),
    )
