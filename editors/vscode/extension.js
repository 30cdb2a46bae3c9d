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
  } catch {
    offerToMend([command, ...args].join(" ")); // the client has told why
  }
}

async function offerToMend(command) {
  const mend = "Open the Setting";
  const chosen = await vscode.window.showErrorMessage(
    "capilint does not start: install it with its extra `lsp`, or set capilint.command to what " +
      `starts it (now \`${command}\`).`,
    mend,
  );
  if (chosen === mend) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "capilint.command");
  }
}

// One after the other: two clients would both register the server's commands.
let turn = Promise.resolve();

function restart() {
  turn = turn.then(stop).then(start);
  return turn;
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
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("capilint.command")) {
        restart();
      }
    }),
  );
  await restart();
}

module.exports = { activate, deactivate: stop };
