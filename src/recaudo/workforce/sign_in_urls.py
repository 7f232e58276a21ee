"""Ways in and out, taken from allauth one by one: what is not named here does not exist (changing one's e-mail, signing up)."""

from allauth.account import views
from django.urls import path, re_path

# Their names are allauth's: it looks them up.
urlpatterns = [
    path("entrar/", views.login, name="account_login"),
    path("salir/", views.logout, name="account_logout"),
    path("inactiva/", views.account_inactive, name="account_inactive"),
    path("por-invitacion/", views.signup, name="account_signup"),
    path("confirmar/", views.reauthenticate, name="account_reauthenticate"),
    path("clave/cambiar/", views.password_change, name="account_change_password"),
    path("clave/recuperar/", views.password_reset, name="account_reset_password"),
    path("clave/recuperar/enviado/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^clave/recuperar/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("clave/nueva/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
]
