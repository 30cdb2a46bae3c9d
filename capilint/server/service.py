"""What the server does on each of the editor's messages.

    didOpen, didChange ── quiet for a moment ── check of the open documents, if the last one of all
                                                took long ── check of all ── publishDiagnostics
    hover, codeAction ── answered from the last check
    codeAction/resolve ── searched for in the background, before any check

No message waits for an analysis but the last, which the client may cancel. What is outdated is
stopped. What crashes is logged; the diagnostics of the last check stay.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from traceback import format_exception
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from capilint import __version__
from capilint.mistake import Mistake
from capilint.rulebook.shared import rule_book
from capilint.server.actions import MEND_COMMAND, PATH_COMMAND, Actions, Client
from capilint.server.diagnostics import Translator
from capilint.server.hover import hover_text, word_at
from capilint.server.jobs import Job
from capilint.server.positions import Place, Places
from capilint.server.warming import warm_up
from capilint.server.workspace import Checked, Document, Workspace

_QUIET = 0.3  # seconds without a change before a check begins
_LONG = 1.0  # seconds: a check that takes longer is no answer to a change
_WATCHED = (
    "**/*.{c,h,cc,cpp,cxx,hh,hpp,hxx,inl,py,pyi,pyw,ipynb}",
    "**/{pyproject.toml,capilint.toml,.capilint.toml,compile_commands.json,.gitignore}",
    "**/*baseline*.json",  # Eglot knows no star between braces
)


class Service(LanguageServer):
    """The server of one editor."""

    def __init__(self, verbose: bool = False) -> None:
        """`verbose`: notes are shown, too."""
        super().__init__(
            "capilint",
            __version__,
            # pygls takes a form feed for a line's end, as the protocol does not: no ranges.
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
        )
        self.files = Workspace(())
        self.checked: Checked | None = None
        self._verbose = verbose
        self._published: dict[str, str] = {}  # URIs with diagnostics, by path
        self._checking: asyncio.Task[None] | None = None
        self._warming: Job[None] | None = None
        self._seconds = 0.0  # that the last check of all took; none is known at first
        self._told: set[str] = set()
        self._shows_paths = False

    @property
    def encoding(self) -> str:
        """What the columns of this client count."""
        found = self.server_capabilities.position_encoding or "utf-16"
        return found.value if isinstance(found, types.PositionEncodingKind) else found

    # ------------------------------------------------------------ checks

    def begin(self, folders: list[str], options: object) -> None:
        """Take the workspace's folders, and what the client says it can do."""
        self.files = Workspace(folders)
        self._shows_paths = isinstance(options, Mapping) and options.get("showPath") is True

    def warm_up(self) -> None:
        """Import what checks need; they wait for that."""
        self._warming = Job(warm_up)

    def exchange(self, added: list[str], removed: list[str]) -> None:
        """Take other folders; the documents stay open."""
        kept = [folder for folder in self.files.folders if folder not in removed]
        documents = self.files.snapshot(False).documents.values()
        self.files = Workspace([*kept, *added])
        for each in documents:
            path = to_fs_path(each.uri)
            if path is not None:
                self.files.put(each.uri, path, each.language, each.version, each.text)
        self.checked = None  # its paths were those of another folder
        self.outdate()

    def outdate(self, quiet: float = _QUIET) -> None:
        """Check again, once nothing has changed for a moment; what is under way is stopped."""
        if self._checking is not None:
            self._checking.cancel()
        self._checking = asyncio.ensure_future(self._check_after(quiet))

    async def _check_after(self, quiet: float) -> None:
        await asyncio.sleep(quiet)
        if (self.checked is None or self._seconds > _LONG) and self.files.snapshot(False).documents:
            await self._check(whole=False)
        await self._check(whole=True)

    async def _check(self, whole: bool) -> None:
        snapshot = self.files.snapshot(whole)
        start = time.monotonic()
        try:
            checked = await Job(snapshot.check).result()
            self._publish(checked, whole)
        except Mistake as error:
            self._complain({str(error)})
            return
        except Exception as error:
            self._log("".join(format_exception(error)))
            return
        if whole:
            self._seconds = time.monotonic() - start
            # No editor opens a folder, to see a diagnostic there.
            unread = [each for each in checked.report.unreadable if Path(each.path).is_dir()]
            self._complain({f"{each.path}: {each.reason}" for each in unread})
        self.checked = checked

    async def mended(self, data: object) -> types.WorkspaceEdit | None:
        """The edit that an action was offered for, before any check that is under way."""
        uri = data.get("uri") if isinstance(data, Mapping) else None
        found = self.actions(uri) if isinstance(uri, str) else None
        finding = found[0].known(data) if found else None
        if found is None or finding is None:
            return None
        edit = await self._searched(lambda: found[0].mended(finding))
        if edit is None:
            self.say(f"capilint: no edit was found that mends {finding.code} here")
        return edit

    async def _searched(
        self, search: Callable[[], types.WorkspaceEdit | None]
    ) -> types.WorkspaceEdit | None:
        """What a search finds, before any check that is under way."""
        interrupted = self._checking is not None and not self._checking.done()
        if interrupted and self._checking is not None:
            self._checking.cancel()
        try:
            return await Job(search).result()
        finally:
            if interrupted:
                self.outdate()

    def actions(self, uri: str) -> tuple[Actions, Document] | None:
        """The actions for a document, where its text is what was last checked."""
        document = self.document(uri)
        if document is None or self.checked is None:
            return None
        if self.checked.documents.get(document.path) != document:
            return None
        translator = Translator(self.checked, self.encoding)
        return Actions(self.checked, translator, self._client()), document

    def _client(self) -> Client:
        """What this editor can do."""
        workspace = self.client_capabilities.workspace
        edits = workspace and workspace.workspace_edit
        documents = self.client_capabilities.text_document
        actions = documents and documents.code_action
        resolved = actions and actions.resolve_support
        return Client(
            versioned=bool(edits and edits.document_changes),
            resolves=bool(resolved and "edit" in resolved.properties),
            shows_paths=self._shows_paths,
        )

    def document(self, uri: str) -> Document | None:
        """An open document of a language that capilint knows."""
        path = to_fs_path(uri)
        return None if path is None else self.files.document(path)

    def hover(self, document: Document, place: Place) -> types.Hover | None:
        """What the function below the cursor does to handles."""
        places = Places(document.text, self.encoding)
        line, column = places.column(place)
        found = word_at(places.line(line), column)
        if found is None:
            return None
        word, start, end = found
        checked = self.checked
        rules = checked.configuration.settings_of(document.path).rules if checked else None
        program = checked.report.effects if checked else ()
        text = hover_text(word, document.path, document.language, rule_book(rules), program)
        if text is None:
            return None
        ends = (types.Position(*places.of(line, each)) for each in (start, end))
        content = types.MarkupContent(types.MarkupKind.Markdown, text)
        return types.Hover(content, types.Range(*ends))

    # ------------------------------------------------------------ what the client is told

    def _publish(self, checked: Checked, whole: bool) -> None:
        translator = Translator(checked, self.encoding)
        found: dict[str, list[types.Diagnostic]] = {path: [] for path in checked.documents}
        for item in checked.report.unreadable:
            if not Path(item.path).is_dir():
                found.setdefault(item.path, []).append(translator.unreadable(item))
        for finding in checked.report.shown(self._verbose):
            found.setdefault(finding.path, []).append(translator.diagnostic(finding))
        if whole:
            for path in self._published.keys() - found.keys():
                self._send(self._published.pop(path), None, [])
        else:
            found = {path: each for path, each in found.items() if path in checked.documents}
        for path, diagnostics in found.items():
            uri = translator.uri(path)
            document = checked.documents.get(path)
            self._send(uri, None if document is None else document.version, diagnostics)
            self._published[path] = uri

    def _send(self, uri: str, version: int | None, found: list[types.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri, found, version=version)
        )

    def _complain(self, texts: set[str]) -> None:
        """Tell of all that people should mend, but of nothing that was so the last time, too."""
        for text in sorted(texts - self._told):
            kind = types.MessageType.Warning
            self.window_show_message(types.ShowMessageParams(kind, f"capilint: {text}"))
        self._told = texts

    def say(self, text: str) -> None:
        """Tell people something."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))

    def _log(self, text: str) -> None:
        self.window_log_message(types.LogMessageParams(types.MessageType.Error, text))


def service(verbose: bool = False) -> Service:
    """A server that is ready to be started."""
    server = Service(verbose)
    _add_lifecycle(server)
    _add_documents(server)
    _add_requests(server)
    return server


def _add_lifecycle(server: Service) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        given = [folder.uri for folder in params.workspace_folders or ()]
        uris = given or ([params.root_uri] if params.root_uri else [])
        folders = [path for uri in uris if (path := to_fs_path(uri)) is not None]
        server.begin(folders, params.initialization_options)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(params: types.DidChangeWorkspaceFoldersParams) -> None:
        added, removed = (
            [path for each in group if (path := to_fs_path(each.uri)) is not None]
            for group in (params.event.added, params.event.removed)
        )
        server.exchange(added, removed)

    @server.feature(types.INITIALIZED)
    async def initialized(params: types.InitializedParams) -> None:
        server.warm_up()
        server.outdate(0)
        able = server.client_capabilities.workspace
        files = able.did_change_watched_files if able is not None else None
        if files is not None and files.dynamic_registration:
            with suppress(JsonRpcException):  # a client that cannot after all: what is saved counts
                await server.client_register_capability_async(_registration())

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(params: types.DidChangeWatchedFilesParams) -> None:
        server.outdate()


def _registration() -> types.RegistrationParams:
    watchers = [types.FileSystemWatcher(glob) for glob in _WATCHED]
    method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
    return types.RegistrationParams([types.Registration("capilint-files", method, options)])


def _add_documents(server: Service) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        path = to_fs_path(item.uri)
        if path is not None:
            server.files.put(item.uri, path, item.language_id, item.version, item.text)
            server.outdate(0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        uri, path = params.text_document.uri, to_fs_path(params.text_document.uri)
        if path is not None:
            item = server.workspace.get_text_document(uri)
            server.files.put(uri, path, item.language_id or "", item.version, item.source)
            server.outdate()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        path = to_fs_path(params.text_document.uri)
        if path is not None:
            server.files.drop(path)
            server.outdate()

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        server.outdate()


def _add_requests(server: Service) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        document = server.document(params.text_document.uri)
        place = Place(params.position.line, params.position.character)
        return None if document is None else server.hover(document, place)

    options = types.CodeActionOptions([types.CodeActionKind.QuickFix], resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    def code_actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        found = server.actions(params.text_document.uri)
        wanted = params.context.only
        if found is None or (wanted and types.CodeActionKind.QuickFix not in wanted):
            return []
        actions, document = found
        findings = actions.findings_at(document.path, params.range)
        return [action for each in findings for action in actions.of(each)]

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(action: types.CodeAction) -> types.CodeAction:
        action.edit = await server.mended(action.data)
        return action

    @server.command(MEND_COMMAND)
    async def mend(data: Any) -> None:
        edit = await server.mended(data)
        if edit is not None:
            params = types.ApplyWorkspaceEditParams(edit, "capilint")
            await server.workspace_apply_edit_async(params)

    @server.command(PATH_COMMAND)
    def path(uri: Any, line: Any, character: Any) -> list[dict[str, object]]:
        found = server.actions(uri) if isinstance(uri, str) else None
        if found is None:
            return []
        actions, document = found
        place = types.Position(int(line), int(character))
        wanted = types.Range(place, place)
        return [actions.path(each) for each in actions.findings_at(document.path, wanted)]
