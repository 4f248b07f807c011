"""The gallery of templates to begin with."""

from app.core.permissions import Permission
from channels.template_drafts import Category, TemplateDraft
from inbox import template_gallery
from inbox.content_templates import ContentWording
from inbox.template_gallery import GalleryItem, Purpose
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Out
from web.api.templates import PreviewOut, shown_preview


class GalleryDraft(Out):
    """In one language; `preview` has the examples in it."""

    draft: TemplateDraft
    preview: PreviewOut


class GalleryTemplate(Out):
    """`wordings` of a content template; empty: it asks for values that are not known of every contact."""

    id: str
    purpose: Purpose
    title: str
    about: str
    category: Category
    drafts: list[GalleryDraft]
    wordings: tuple[ContentWording, ...]


class TemplateGallery(Out):
    items: list[GalleryTemplate]
    next_cursor: str | None = None


async def list_gallery(request: ApiRequest) -> TemplateGallery:
    return TemplateGallery(items=[_out(request, item) for item in template_gallery.items()])


def _out(request: ApiRequest, item: GalleryItem) -> GalleryTemplate:
    now = request.ws.clock.now()
    drafts = [template_gallery.draft(item, language) for language in item.words]
    return GalleryTemplate(
        id=item.id,
        purpose=item.purpose,
        title=item.title,
        about=item.about,
        category=item.category,
        drafts=[
            GalleryDraft(draft=each, preview=shown_preview(template_gallery.preview(each, now))) for each in drafts
        ],
        wordings=template_gallery.wordings(item),
    )


ENDPOINTS = [
    Endpoint("GET", "/template-gallery", list_gallery, Permission.TEMPLATES_READ, "Templates to begin with"),
]
