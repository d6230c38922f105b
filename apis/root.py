"""GET /: to the pages."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt

from apis import errors

READ = ["GET", "HEAD"]


@login_not_required  # The page asks for it.
@csrf_exempt  # Other methods are 405, with a token and without.
def root(request: HttpRequest) -> HttpResponse:
    """Send a browser to the overview."""
    if request.method not in READ:
        return errors.method_not_allowed(request, READ)
    return redirect("dashboard:overview")
