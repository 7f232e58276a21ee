from django.urls import path

from recaudo.desk.views import account, accounts, clock, firewall, queue, team

app_name = "desk"
urlpatterns = [
    path("cola/", queue.queue, name="queue"),
    path("cola/siguiente/", queue.next_case, name="next"),
    path("casos/<uuid:case_id>/liberar/", queue.release, name="release"),
    path("agenda/", queue.agenda, name="agenda"),
    path("turno/", team.team, name="team"),
    path("turno/reasignar/", team.reassign, name="reassign"),
    path("turno/<uuid:case_id>/liberar/", team.unlock, name="unlock"),
    path("cuentas/", accounts.accounts, name="accounts"),
    path("cuentas/exportar/", accounts.export, name="accounts-export"),
    path("cuentas/<uuid:account_id>/", account.account, name="account"),
    path("cuentas/<uuid:account_id>/historia/", account.history, name="history"),
    path("cuentas/<uuid:account_id>/llamar/", account.call, name="call"),
    path("cuentas/<uuid:account_id>/entrante/", account.inbound, name="inbound"),
    path("cuentas/<uuid:account_id>/promesa/", account.promise, name="promise"),
    path("cuentas/<uuid:account_id>/suspension/", account.hold, name="hold"),
    path("cuentas/<uuid:account_id>/suspension/<uuid:hold_id>/liberar/", account.hold_release, name="hold-release"),
    path("cuentas/<uuid:account_id>/aclaracion/", account.dispute, name="dispute"),
    path("cuentas/<uuid:account_id>/aclaracion/<uuid:dispute_id>/resolver/", account.dispute_resolve, name="dispute-resolve"),
    path("cuentas/<uuid:account_id>/nota/", account.note, name="note"),
    path("cuentas/<uuid:account_id>/descanso/", account.rest, name="rest"),
    path("cuentas/<uuid:account_id>/prescripcion/", clock.prescription, name="prescription"),
    path("cuentas/<uuid:account_id>/prescripcion/<uuid:act_id>/retirar/", clock.act_withdraw, name="act-withdraw"),
    path("cuarentena/", firewall.quarantine, name="quarantine"),
    path("cuarentena/<uuid:quarantine_id>/", firewall.quarantined, name="quarantined"),
    path("cuarentena/<uuid:quarantine_id>/liberar/", firewall.propose, name="release-propose"),
    path("cuarentena/liberaciones/<uuid:release_id>/aprobar/", firewall.approve, name="release-approve"),
    path("cuarentena/liberaciones/<uuid:release_id>/negar/", firewall.reject, name="release-reject"),
    path("busquedas/", firewall.searches, name="searches"),
    path("busquedas/<uuid:search_id>/", firewall.search, name="search"),
    path("busquedas/<uuid:search_id>/tomar/", firewall.search_take, name="search-take"),
    path("gestiones/<uuid:action_id>/identidad/", account.identity, name="identity"),
    path("gestiones/<uuid:action_id>/resultado/", account.outcome, name="outcome"),
]
