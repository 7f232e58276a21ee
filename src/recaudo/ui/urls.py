from django.urls import path

from recaudo.ui import views

urlpatterns = [
    path("favicon.ico", views.favicon, name="favicon"),
    path("salud/", views.health, name="health"),
    path("ayuda/", views.help_page, name="help"),
]
