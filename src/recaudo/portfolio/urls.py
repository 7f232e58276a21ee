from django.urls import path

from recaudo.portfolio.views import accounts, books, payments, people

app_name = "portfolio"
urlpatterns = [
    path("carteras/", books.portfolios, name="portfolios"),
    path("carteras/nueva/", books.portfolio, name="portfolio-new"),
    path("carteras/<uuid:portfolio_id>/", books.portfolio, name="portfolio"),
    path("carteras/acreedores/nuevo/", books.creditor, name="creditor-new"),
    path("carteras/acreedores/<uuid:creditor_id>/", books.creditor, name="creditor"),
    path("carteras/acreedores/<uuid:creditor_id>/tramos/", books.buckets, name="creditor-buckets"),
    path("pagos/", payments.payments, name="payments"),
    path("pagos/exportar/", payments.export, name="payments-export"),
    path("pagos/nuevo/", payments.record, name="payment-new"),
    path("pagos/<uuid:payment_id>/asignar/", payments.identify, name="payment-identify"),
    path("pagos/<uuid:payment_id>/cuentas/", payments.candidates, name="payment-accounts"),
    path("pagos/<uuid:payment_id>/reversar/", payments.reverse, name="payment-reverse"),
    path("duplicados/", people.duplicates, name="duplicates"),
    path("duplicados/unir/", people.merge, name="merge"),
    path("duplicados/distintas/", people.dismiss, name="dismiss-duplicate"),
    path("duplicados/<uuid:merge_id>/deshacer/", people.unmerge, name="unmerge"),
    path("personas/<uuid:person_id>/medios/", people.contact_points, name="person-contact-points"),
    path("personas/<uuid:person_id>/medios/<uuid:point_id>/", people.contact_point_status, name="contact-point-status"),
    path("personas/<uuid:person_id>/consentimientos/", people.consents, name="person-consents"),
    path("personas/<uuid:person_id>/consentimientos/<uuid:consent_id>/revocar/", people.consent_revoke, name="consent-revoke"),
    path("personas/<uuid:person_id>/preferencias/", people.preferences, name="person-preferences"),
    path("personas/<uuid:person_id>/preferencias/<uuid:preference_id>/quitar/", people.preference_drop, name="preference-drop"),
    path("cuentas/<uuid:account_id>/documentos/", accounts.documents, name="account-documents"),
    path("cuentas/<uuid:account_id>/pausa/", accounts.pause, name="account-pause"),
    path("documentos/<uuid:document_id>/", accounts.document, name="document"),
]
