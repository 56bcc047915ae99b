"""What several tests of widgets ask."""

from enmeshed_nb.content import AuthenticationRequestItem, ConsentRequestItem

AUTHENTICATION = AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)
OPTIONAL = ConsentRequestItem(consent="Newsletter", must_be_accepted=False)
EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>\x07"
