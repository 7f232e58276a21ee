from django.urls import path

from recaudo.workforce.views import groups, me, people, tokens

app_name = "workforce"
urlpatterns = [
    path("usuarios/", people.users, name="users"),
    path("usuarios/roles/", people.roles, name="roles"),
    path("usuarios/invitar/", people.invite, name="invite"),
    path("usuarios/invitaciones/<uuid:invitation_id>/retirar/", people.withdraw_invitation, name="withdraw_invitation"),
    path("usuarios/equipos/", groups.teams, name="teams"),
    path("usuarios/equipos/nuevo/", groups.team, name="new_team"),
    path("usuarios/equipos/<uuid:team_id>/", groups.team, name="team"),
    path("usuarios/despachos/nuevo/", groups.agency, name="new_agency"),
    path("usuarios/despachos/<uuid:agency_id>/", groups.agency, name="agency"),
    path("usuarios/capacidad/", groups.capacity, name="capacity"),
    path("usuarios/<uuid:user_id>/", people.user, name="user"),
    path("usuarios/<uuid:user_id>/desactivar/", people.deactivate, name="deactivate"),
    path("usuarios/<uuid:user_id>/reactivar/", people.reactivate, name="reactivate"),
    path("usuarios/<uuid:user_id>/fichas/", tokens.issue, name="issue_token"),
    path("usuarios/fichas/<uuid:token_id>/revocar/", tokens.revoke, name="revoke_token"),
    path("invitacion/<str:token>/", people.accept, name="accept"),
    path("mi-cuenta/", me.me, name="me"),
    path("mi-cuenta/apariencia/", me.theme, name="theme"),
    path("mi-cuenta/sesiones/cerrar/", me.close_sessions, name="close_sessions"),
    path("ajustes/", groups.settings, name="settings"),
]
