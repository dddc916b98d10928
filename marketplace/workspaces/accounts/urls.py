"""Addresses of signing in and out."""

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from marketplace.workspaces.accounts.codes import RecoveryCodes, SecondFactor, SetUpSecondFactor
from marketplace.workspaces.accounts.invitation import invitation
from marketplace.workspaces.accounts.password import ChangePassword
from marketplace.workspaces.accounts.people import people, people_elsewhere
from marketplace.workspaces.accounts.phone import AskForCode, EnterCode
from marketplace.workspaces.accounts.views import ChooseOrganisation, SignIn
from marketplace.workspaces.doors import open_to_all

urlpatterns = [
    path("sign-in/", open_to_all(SignIn.as_view()), name="login"),
    path("code/", open_to_all(SecondFactor.as_view()), name="second_factor"),
    path("code/set-up/", open_to_all(SetUpSecondFactor.as_view()), name="second_factor_set_up"),
    path("recovery-codes/", open_to_all(RecoveryCodes.as_view()), name="recovery_codes"),
    path("phone/", open_to_all(AskForCode.as_view()), name="phone_sign_in"),
    path("phone/code/", open_to_all(EnterCode.as_view()), name="phone_code"),
    path("invitation/<str:token>/", invitation, name="invitation"),
    path("password/", open_to_all(ChangePassword.as_view()), name="change_password"),
    path("people/", people, name="people"),
    path("people/<str:code>/", people_elsewhere, name="people_of"),
    path("sign-out/", open_to_all(LogoutView.as_view()), name="logout"),
    # Needs no token, so that a stranger's page carries none: whoever forges it changes the words on a screen.
    path("language/", open_to_all(csrf_exempt(set_language)), name="set_language"),
    path("organisations/", open_to_all(ChooseOrganisation.as_view()), name="organisations"),
]
