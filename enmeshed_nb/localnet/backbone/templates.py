"""RelationshipTemplates and who has loaded them."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import select

from enmeshed_nb.localnet.backbone.call import Call, result, written_time
from enmeshed_nb.localnet.backbone.errors import forbidden, invalid, not_found, not_found_or_password, refused
from enmeshed_nb.localnet.backbone.formats import Address, Blob, Body, Count, Moment, new_id, timestamp
from enmeshed_nb.localnet.backbone.models import Template, TemplateAllocation
from enmeshed_nb.localnet.backbone.routes import ContentRoute

router = APIRouter(prefix="/api/v2/RelationshipTemplates", tags=["RelationshipTemplates"], route_class=ContentRoute)


class NewTemplate(Body):
    """A template's encrypted content and who may load it."""

    content: Blob | None = None
    expires_at: Moment | None = None
    max_number_of_allocations: Annotated[Count, Field(gt=0)] | None = None
    for_identity: Address | None = None
    password: str | None = None


@router.post("", status_code=201)
async def create_template(body: NewTemplate, request: Request) -> dict[str, Any]:
    """Store a template. Backbone protocol: `POST /RelationshipTemplates`."""
    with Call(request) as call:
        if body.expires_at and body.expires_at <= call.now:
            raise invalid("expiresAt must be in the future.")
        template = Template(
            id=new_id("RLT"),
            created_by=call.address,
            created_by_device=call.device_id,
            created_at=call.now,
            **body.model_dump(),
        )
        call.session.add(template)
        return result({"id": template.id, "createdAt": timestamp(template.created_at)})


@router.get("/{template_id}")
async def get_template(template_id: str, request: Request, password: str | None = None) -> dict[str, Any]:
    """Return a template and allocate it for the caller. Backbone protocol: `GET /RelationshipTemplates/{id}`."""
    with Call(request) as call:
        template = call.session.get(Template, template_id)
        if not template or not _may_load(call, template, password):
            raise not_found_or_password("RelationshipTemplate")
        if template.created_by != call.address:
            _allocate(call, template)
        return result(_written(template))


def _may_load(call: Call, template: Template, password: str | None) -> bool:
    if template.created_by == call.address:
        return True
    return (
        (template.expires_at is None or template.expires_at > call.now)
        and template.for_identity in (None, call.address)
        and (template.password in (None, password) or is_allocated(call, template))
    )


def is_allocated(call: Call, template: Template) -> bool:
    """Tell whether the caller has loaded the template."""
    return call.session.get(TemplateAllocation, (template.id, call.address)) is not None


def _allocate(call: Call, template: Template) -> None:
    if is_allocated(call, template):
        return
    most = template.max_number_of_allocations
    if most is not None and len(template.allocations) >= most:
        raise refused(
            "relationshipTemplate.maxNumberOfAllocationsExhausted", "The template was loaded as often as it may be."
        )
    template.allocations.append(TemplateAllocation(address=call.address))
    if len(template.allocations) == most:
        payload = {"relationshipTemplateId": template.id}
        call.raise_event(template.created_by, "RelationshipTemplateAllocationsExhausted", payload)


def _written(template: Template) -> dict[str, Any]:
    return {
        "id": template.id,
        "createdBy": template.created_by,
        "createdByDevice": template.created_by_device,
        "maxNumberOfAllocations": template.max_number_of_allocations,
        "expiresAt": written_time(template.expires_at),
        "content": template.content,
        "createdAt": timestamp(template.created_at),
        "forIdentity": template.for_identity,
    }


@router.get("")
async def list_templates(request: Request) -> dict[str, Any]:
    """Return the caller's templates. Backbone protocol: `GET /RelationshipTemplates`."""
    with Call(request) as call:
        own = select(Template).where(Template.created_by == call.address).order_by(Template.created_at, Template.id)
        return call.page(own, _written)


@router.delete("/{template_id}", status_code=204)
async def delete_template(template_id: str, request: Request) -> None:
    """Delete an own template. Backbone protocol: `DELETE /RelationshipTemplates/{id}`."""
    with Call(request) as call:
        template = call.session.get(Template, template_id)
        if not template or not (template.created_by == call.address or is_allocated(call, template)):
            raise not_found("RelationshipTemplate")
        if template.created_by != call.address:
            raise forbidden()
        call.session.delete(template)
