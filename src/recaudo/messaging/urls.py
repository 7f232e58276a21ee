from django.urls import path

from recaudo.messaging.views import byhand, hooks, mailbox, stop, templates, waves

app_name = "messaging"
urlpatterns = [
    path("envios/", waves.waves, name="waves"),
    path("envios/pausa/", waves.pause, name="pause"),
    path("envios/pausa/<uuid:pause_id>/reanudar/", waves.resume, name="resume"),
    path("envios/<uuid:wave_id>/", waves.wave, name="wave"),
    path("envios/<uuid:wave_id>/avance/", waves.progress, name="wave-progress"),
    path("envios/<uuid:wave_id>/muestra/", waves.samples, name="wave-samples"),
    path("envios/<uuid:wave_id>/liberar/", waves.release, name="wave-release"),
    path("envios/<uuid:wave_id>/retirar/", waves.withdraw, name="wave-withdraw"),
    path("buzon/", mailbox.mailbox, name="mailbox"),
    path("buzon/<uuid:person_id>/<slug:channel>/", mailbox.conversation, name="conversation"),
    path("buzon/<uuid:person_id>/<slug:channel>/responder/", mailbox.reply, name="reply"),
    path("mensajes/<uuid:message_id>/", mailbox.message, name="message"),
    path("mensajes/<uuid:message_id>/simular/", mailbox.simulate, name="simulate"),
    path("mensajes/<uuid:message_id>/atendida/", mailbox.attend, name="attend"),
    path("plantillas/", templates.templates, name="templates"),
    path("plantillas/nueva/", templates.edit, name="template-new"),
    path("plantillas/vista/", templates.preview, name="template-preview"),
    path("plantillas/<uuid:template_id>/", templates.template, name="template"),
    path("plantillas/<uuid:template_id>/editar/", templates.edit, name="template-edit"),
    path("plantillas/<uuid:template_id>/enviar/", templates.submit, name="template-submit"),
    path("plantillas/<uuid:template_id>/devolver/", templates.give_back, name="template-return"),
    path("plantillas/<uuid:template_id>/aprobar/", templates.approve, name="template-approve"),
    path("plantillas/<uuid:template_id>/retirar/", templates.retire, name="template-retire"),
    path("cuentas/<uuid:account_id>/mensaje/", byhand.send, name="send"),
    path("cuentas/<uuid:account_id>/mensaje/vista/", byhand.preview, name="send-preview"),
    path("baja/<str:token>/", stop.stop, name="stop"),
    path("no-soy-yo/<str:token>/", stop.not_me, name="not-me"),
    path("avisos/<slug:channel>/<slug:provider>/<slug:slug>/", hooks.hook, name="hook"),
    path("baja/<str:token>/un-clic/", stop.one_click, name="stop-one-click"),
]
