// A GitLab server for Pester and the bench. Prints its address and stays until its standard input ends.
// usage: FakeGitLab [--issues N] [--notes N] [--missing IID]... [--latency MS] [--token T] [--golden FOLDER]
// Project 42, group/app, has issues 1..N. The server can be told: POST /_control/add?iid=4, /_control/fail?path=P&error=NAME&times=N
// (names of the golden folder), and asked: GET /_control/requests.
using System.Globalization;
using System.Text;
using ArtifactSync.FakeGitLab;
using Microsoft.AspNetCore.Http;

const long Project = 42;
string[] Values(string name) => [.. args.Index().Where(a => a.Item == name).Select(a => args[a.Index + 1])];
int Number(string name, int otherwise) => Values(name) is [var text, ..] ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

await using var server = await FakeServer.StartAsync();
server.Projects["group/app"] = Project;
server.Token = Values("--token").FirstOrDefault();
server.Latency = TimeSpan.FromMilliseconds(Number("--latency", 0));
var (notes, missing) = (Number("--notes", 2), Values("--missing"));
for (var iid = 1; iid <= Number("--issues", 10); iid++)
{
    if (!missing.Contains($"{iid}"))
    {
        server.Add(Make(iid));
    }
}
server.Add(FakeData.MergeRequest(Project, 12, "Widen the retry budget").AddNote(900_000_012, "Looks good"));
var golden = Values("--golden") is [var folder, ..] ? new GoldenGitLab(folder) : null;
server.Intercept = ControlAsync;
Console.WriteLine(server.Url);
await Console.In.ReadToEndAsync();
return 0;

FakeItem Make(int iid)
{
    var item = FakeData.Issue(Project, iid, $"The importer crashes on line {iid}");
    for (var note = 0; note < notes; note++)
    {
        item.AddNote(1_000_000L * iid + note, $"Note {note} of issue {iid}: the queue is drained by the worker, see the log of attempt {note} for the stack trace and its cause.");
    }
    item.LabelEvents.Add(FakeData.LabelEvent(iid, "bug"));
    return item.Changed();
}

async Task<bool> ControlAsync(HttpContext context)
{
    var query = context.Request.Query;
    switch (context.Request.Path.Value)
    {
        case "/_control/add":
            server.Add(Make(int.Parse(query["iid"]!, CultureInfo.InvariantCulture)));
            break;
        case "/_control/fail":
            server.Fail(query["path"]!, golden!.Error(query["error"]!), int.Parse(query["times"]!, CultureInfo.InvariantCulture));
            break;
        case "/_control/heal":
            server.Intercept = ControlAsync;
            break;
        case "/_control/requests":
            await FakeServer.WriteAsync(context, 200, "text/plain", Encoding.UTF8.GetBytes(string.Join('\n', server.Requests.Select(r => r.Path))));
            return true;
        default:
            return false;
    }
    await FakeServer.WriteAsync(context, 200, "text/plain", "ok"u8.ToArray());
    return true;
}
