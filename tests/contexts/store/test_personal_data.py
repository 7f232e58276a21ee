"""Every field that could hold something about a person says so, and what erasure puts in its place."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models

from recaudo.portfolio.models import ContactPoint, Person
from recaudo.store.fields import CannotDecrypt, EncryptedField, aad, blind_index, encrypt

OURS = [m for m in apps.get_models() if m.__module__.startswith("recaudo.")]
# Codes and short words: too small for anything about a person.
CODED = 60


def could_hold_personal_data(field: models.Field) -> bool:
    if isinstance(field, EncryptedField | models.TextField | models.EmailField):
        return True
    return isinstance(field, models.CharField) and (field.max_length or 0) > CODED and not field.choices


@pytest.mark.parametrize("model", OURS, ids=lambda m: m.__name__)
def test_every_model_classifies_its_fields(model):
    personal = getattr(model, "Personal", None)
    assert personal is not None, f"{model.__name__} has no class Personal"
    erased, plain = getattr(personal, "fields", {}), getattr(personal, "plain", {})
    names = {field.name for field in model._meta.concrete_fields}
    assert set(erased) <= names and set(plain) <= names, "Personal names a field that is not there"
    for field in model._meta.concrete_fields:
        if could_hold_personal_data(field):
            assert field.name in erased or field.name in plain or field.name in EXEMPT.get(model.__name__, ()), f"{model.__name__}.{field.name}"
        if isinstance(field, EncryptedField):
            assert field.name in erased, f"{model.__name__}.{field.name} is encrypted and has no erasure"


# Content that is no person's: a key of a file, a DMN, a hash, a password that Django hashes.
EXEMPT = {
    "StrategyVersion": ("xml", "sha256"), "Strategy": ("purpose",), "Snapshot": ("key", "sha256"), "Batch": ("path", "sha256"),
    "Creditor": ("how_to_pay",), "Document": ("sha256", "media_type"), "User": ("password",), "Receipt": ("event_id", "provider_message_id"),
    "Message": ("provider_id",), "PermitRecord": ("libraries", "pack_hash", "input_digest"),
    "Anchor": ("previous_digest", "key_id"), "Experiment": ("salt",), "ScoreModel": ("card",), "EvidenceFile": ("sha256", "key_id"), "RightsRequest": ("sha256",),
    "RemovalProof": ("pseudonym", "digest"), "WhatIf": ("snapshot_sha", "key"),
}  # fmt: skip


@pytest.mark.django_db
def test_what_is_encrypted_is_unreadable_in_the_table_and_bound_to_its_row(cast):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT national_id FROM portfolio_person WHERE id = %s", [cast.maria.id])
        stored = bytes(cursor.fetchone()[0])
    assert b"LOMM800101" not in stored
    assert Person.objects.get(id=cast.maria.id).national_id == "LOMM800101AB1"
    swapped = encrypt("LOMM800101AB1", aad("portfolio_person", "national_id", cast.maria.id))
    Person.objects.filter(id=cast.pedro.id).update(national_id_index=b"x")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE portfolio_person SET national_id = %s WHERE id = %s", [swapped, cast.pedro.id])
    with pytest.raises(CannotDecrypt):
        _ = Person.objects.get(id=cast.pedro.id).national_id


@pytest.mark.django_db
def test_an_exact_value_is_found_by_its_blind_index_only(cast):
    assert ContactPoint.objects.filter(value_index=blind_index("+525512345678", "phone")).get(kind="phone").person_id == cast.maria.id
    assert blind_index("1", "phone") != blind_index("1", "email")
