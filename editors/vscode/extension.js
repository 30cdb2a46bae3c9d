// Starts `capilint server` and shows what it says; all else is the server's.

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function start() {
  const [command, ...args] = vscode.workspace.getConfiguration("capilint").get("command");
  const languages = ["c", "cpp", "python"];
  client = new LanguageClient(
    "capilint",
    "capilint",
    { command, args },
    {
      documentSelector: languages.map((language) => ({ scheme: "file", language })),
      initializationOptions: { showPath: true },
    },
  );
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(
      `capilint: \`${[command, ...args].join(" ")}\` does not start (${error.message}). ` +
        "Install capilint with its extra `lsp`, or set capilint.command.",
    );
  }
}

async function restart() {
  await stop();
  await start();
}

async function stop() {
  if (client !== undefined && client.isRunning()) {
    await client.stop();
  }
  client = undefined;
}

// The steps of the findings on a line, as a list to walk through.
async function showPath(uri, line, character) {
  const found = await client.sendRequest("workspace/executeCommand", {
    command: "capilint.path",
    arguments: [uri, line, character],
  });
  const locations = found.flatMap((finding) =>
    finding.steps.map((step) => client.protocol2CodeConverter.asLocation(step.location)),
  );
  const position = new vscode.Position(line, character);
  await vscode.commands.executeCommand(
    "editor.action.peekLocations",
    vscode.Uri.parse(uri),
    position,
    locations,
    "peek",
  );
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("capilint.showPath", showPath),
    vscode.commands.registerCommand("capilint.restart", restart),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
