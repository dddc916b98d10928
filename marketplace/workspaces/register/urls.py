"""Addresses of what the public may check."""

from django.urls import path

from marketplace.workspaces.register import (
    certificate,
    challenges,
    determinations,
    figures,
    objections,
    policies,
    registers,
    views,
)

urlpatterns = [
    path("verify/", views.verification, name="verification"),
    path("verify/checkpoints/", views.checkpoints, name="checkpoints"),
    path("verify/checkpoints/<int:size>", views.checkpoint, name="checkpoint"),
    path("verify/verify.py", views.verifier, name="verifier"),
    path("verify/rule.py", views.engine, name="engine"),
    path("verify/engines/<str:version>/rule.py", views.older_engine, name="older_engine"),
    path("verify/entries/<int:pk>/", views.entry, name="entry"),
    path("verify/entries/<int:pk>/leaf", views.entry_leaf, name="entry_leaf"),
    path("verify/entries/<int:pk>/proof", views.entry_proof, name="entry_proof"),
    path("register/", registers.accreditations, name="register"),
    path("register/accreditations/<str:number>/", objections.accreditation, name="register_accreditation"),
    path("register/accreditations/<str:number>/object/", objections.object_to, name="register_object"),
    path("register/certificates/", registers.certificates, name="register_certificates"),
    path("register/certificates/<str:number>/", certificate.certificate, name="register_certificate"),
    path("register/determinations/", determinations.determinations, name="register_determinations"),
    path("register/determinations/<str:number>/", determinations.determination, name="register_determination"),
    path("register/classes/<str:code>/", determinations.commodity_class, name="register_class"),
    path("register/challenges/", challenges.challenges, name="register_challenges"),
    path("register/challenges/<int:pk>/", challenges.challenge, name="register_challenge"),
    path("register/challenges/<int:pk>/say/", challenges.say, name="challenge_say"),
    path("register/challenges/<int:pk>/decide/", challenges.decide, name="challenge_decide"),
    path("register/challenges/<int:pk>/withdraw/", challenges.withdraw, name="challenge_withdraw"),
    path("register/challenges/<int:pk>/papers/<int:paper>/", challenges.paper, name="challenge_paper"),
    path("register/exceptions/", registers.exceptions, name="register_exceptions"),
    path("register/policies/", policies.policies, name="register_policies"),
    path("register/policies/<int:pk>/", policies.policy, name="register_policy"),
    path("register/figures/", figures.figures, name="register_figures"),
    path("style/", views.style, name="style"),
    path("health", views.health, name="health"),
    path("robots.txt", views.robots, name="robots"),
]
