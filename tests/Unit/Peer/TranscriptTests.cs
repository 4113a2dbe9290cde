using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Live;
using ArtifactSync.Transport;
using ArtifactSync.Transport.Http;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Peer;

/// <summary>Recorded exchanges over HTTP: our client sends what the recorded one sent, and fares as well or better.</summary>
[Trait("Category", "Transport")]
public sealed class TranscriptTests
{
    /// <summary>How ours ends where the recorded client failed; what is not listed must only not look like a success.</summary>
    private static readonly Dictionary<string, (RunStatus Status, ErrorCode? Code)> Ends = new(StringComparer.Ordinal)
    {
        ["manifest GET gives 500"] = (RunStatus.Partial, ErrorCode.TargetProtocolError),
        ["segment body garbage"] = (RunStatus.Partial, ErrorCode.ArtifactCorrupt),
        ["segment body truncated zstd"] = (RunStatus.Partial, ErrorCode.ArtifactCorrupt),
        ["segment body other valid content (hash mismatch)"] = (RunStatus.Partial, ErrorCode.HashMismatch),
        ["segment shorter than Content-Length"] = (RunStatus.Partial, ErrorCode.TransferIncomplete),
        ["checkpoint body of another origin"] = (RunStatus.Partial, ErrorCode.DocumentInvalid),
        ["origins not ascending"] = (RunStatus.Failed, ErrorCode.TargetListingInvalid),
        ["origins with an invalid id"] = (RunStatus.Failed, ErrorCode.TargetListingInvalid),
        ["origins duplicated"] = (RunStatus.Failed, ErrorCode.TargetListingInvalid),
        ["origins: same cursor for ever"] = (RunStatus.Failed, ErrorCode.TargetListingInvalid),
        ["index of another origin"] = (RunStatus.Partial, ErrorCode.TargetListingInvalid),
        ["index with invalid name"] = (RunStatus.Partial, ErrorCode.TargetListingInvalid),
        ["index list descending"] = (RunStatus.Partial, ErrorCode.TargetListingInvalid),
        // Ours does not ask for the index of an origin that the peer did not list.
        ["index 404 (older peer without the origin)"] = (RunStatus.Succeeded, null),
        ["page body not JSON"] = (RunStatus.Failed, ErrorCode.TargetListingInvalid),
        ["page body over 1 MiB"] = (RunStatus.Failed, ErrorCode.TargetListingInvalid),
        ["302 redirect on origins"] = (RunStatus.Failed, ErrorCode.TargetProtocolError),
        ["307 redirect on POST"] = (RunStatus.Partial, ErrorCode.TargetProtocolError),
        ["POST segment answers 204"] = (RunStatus.Partial, ErrorCode.TargetProtocolError),
        ["POST segment answers 409"] = (RunStatus.Partial, ErrorCode.TargetProtocolError),
        ["POST segment answers 503 with long text"] = (RunStatus.Failed, ErrorCode.TargetUnavailable),
        ["finalize 405"] = (RunStatus.Partial, ErrorCode.TargetProtocolError),
        ["finalize 500"] = (RunStatus.Partial, ErrorCode.TargetProtocolError),
        ["502 on origins with text"] = (RunStatus.Failed, ErrorCode.TargetUnavailable),
        ["no token"] = (RunStatus.Failed, ErrorCode.TargetUnauthorized),
        ["wrong token"] = (RunStatus.Failed, ErrorCode.TargetUnauthorized),
        ["checkpoint 1 of the peer: other"] = (RunStatus.Partial, ErrorCode.CheckpointConflict),
        ["checkpoint 1 of the peer: cut"] = (RunStatus.Partial, ErrorCode.CheckpointConflict),
        ["checkpoint 1 of the peer: reformatted"] = (RunStatus.Partial, ErrorCode.CheckpointConflict),
        // Pairs of origins stop N for all origins (10.5): ours lists them and leaves the newcomer out.
        ["alpha (empty) pulls from bravo"] = (RunStatus.Partial, ErrorCode.OriginPair),
        ["bravo (holds them) pushes to charlie (empty)"] = (RunStatus.Succeeded, null),
    };

    /// <summary>The recorded client is the older program: its requests are for our server.</summary>
    private static bool IsOurs(JsonElement step) => step.Has("transcript") && !step.Text("client")!.StartsWith("oscar", StringComparison.Ordinal);

    public static TheoryData<string> Continued => Recordings.Data(Recordings.Names("http-transcripts")
        .Where(n => !n.Contains("faults", StringComparison.Ordinal) && ShowsContent(n)));

    public static TheoryData<string> Faults => Recordings.Data(Recordings.Names("http-transcripts").Where(n => n.Contains("faults", StringComparison.Ordinal))
        .SelectMany(n => Syncs(n).Select(s => $"{n}|{s.Text("transcript")}")));

    public static TheoryData<string> All => Recordings.Data(Recordings.Names("http-transcripts"));

    [GoldenTheory]
    [MemberData(nameof(Continued))]
    public async Task Client_RecordedAnswers_SendsRecordedRequestsAndHasRecordedRows(string scenario)
    {
        using var replay = new TranscriptReplay(scenario);
        var clients = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var step in Steps(scenario))
        {
            if (IsOurs(step))
            {
                clients[step.Text("client")!.Split('-')[0]] = step.Text("client")!;
                await ReplayAsync(replay, scenario, step, []);
            }
            else if (step.Text("rows") is { } rows && clients.TryGetValue(rows.Split('-')[1], out var origin))
            {
                AssertRows(replay.Machine(origin), scenario, rows);
            }
        }
    }

    [GoldenTheory]
    [MemberData(nameof(Faults))]
    public async Task Client_FaultyAnswers_FaresAsRecordedOrBetter(string name)
    {
        var (scenario, transcript) = (name.Split('|')[0], name.Split('|')[1]);
        var step = Syncs(scenario).Single(s => s.Text("transcript") == transcript);
        using var replay = new TranscriptReplay(scenario);
        // What a failed client had to send is known from the others.
        await ReplayAsync(replay, scenario, step, Syncs(scenario).Where(s => s.Text("client") == step.Text("client")).SelectMany(s => HttpRecord.Load(scenario, s.Text("transcript")!)));

        using var sql = replay.Machine(step.Text("client")!).Open();
        var ours = sql.Query("SELECT id FROM sessions").Select(row => row.Text("id"));
        Assert.Empty(step.Texts("sessions_at_client").Except(ours));
    }

    /// <summary>What recorded clients of both revisions sent, to a server of ours that knows nothing yet.</summary>
    [GoldenTheory]
    [MemberData(nameof(All))]
    public async Task Server_RecordedRequests_TakesAndAcknowledgesAll(string scenario)
    {
        foreach (var step in Syncs(scenario))
        {
            await using var server = await Listener.StartAsync();
            foreach (var record in HttpRecord.Load(scenario, step.Text("transcript")!).Where(r => r.Method == "POST" && r.Artifact is not null))
            {
                await AssertTakenAsync(server, record);
            }
            using var finalized = await server.SendAsync(HttpMethod.Post, "/api/v1/artifacts/finalize", []);
            Assert.Equal(200, (int)finalized.StatusCode);
        }
    }

    /// <summary>Pages of listings as recorded, followed to their end.</summary>
    [GoldenTheory]
    [MemberData(nameof(All))]
    public async Task Client_RecordedListings_AreReadCompletely(string scenario)
    {
        foreach (var step in Syncs(scenario).Where(s => s.GetProperty("exit").GetInt32() == 0))
        {
            var transcript = HttpRecord.Load(scenario, step.Text("transcript")!);
            await using var server = new RawServer(new TranscriptReplay.Answers(transcript).Give);
            await using var transport = HttpPeerTransport.Open(server.Uri, new TransportOptions { ArchiveFolder = "/nowhere" });
            var names = new List<string>();
            foreach (var origin in await transport.OriginsAsync())
            {
                foreach (var kind in Enum.GetValues<ArtifactKind>())
                {
                    names.AddRange((await transport.NamesAsync(origin, kind)).Select(name => ArtifactName.Parse(origin, kind, name).Path));
                }
            }
            var pages = transcript.Where(r => r.Route.EndsWith("/index", StringComparison.Ordinal) && r.Status == 200).Select(r => r.ResponseJson!.Value)
                .Where(page => server.Requests.Any(r => r.Route.EndsWith($"/{page.Text("origin")}/index", StringComparison.Ordinal)));
            // A step of two rounds shows a listing twice; the first is the one that is read.
            var first = pages.SelectMany(page => Enum.GetValues<ArtifactKind>().SelectMany(kind =>
                (page.TryGetProperty(ArtifactName.KindDirectory(kind), out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : default)
                .Select(name => ArtifactName.Parse(page.Text("origin")!, kind, name.GetString()!).Path))).ToHashSet(StringComparer.Ordinal);
            Assert.Subset(first, names.ToHashSet(StringComparer.Ordinal));
            Assert.True(step.Texts("flags").Contains("--init") || first.Count == names.Count, $"{names.Count} names instead of {first.Count}");
        }
    }

    private static async Task AssertTakenAsync(Listener server, HttpRecord record)
    {
        using var answer = await server.SendAsync(HttpMethod.Post, record.Path, record.RequestBody ?? []);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == 200, $"{record.Label}: {answer.StatusCode} {text}");
        using var receipt = JsonDocument.Parse(text);
        Assert.Equal(record.Artifact!.Name, receipt.RootElement.Text("name"));
        Assert.Equal((record.RequestBody ?? []).Length, receipt.RootElement.GetProperty("size").GetInt32());
        using var back = await server.Http.GetAsync(record.Path);
        Assert.Equal(record.RequestBody ?? [], await back.Content.ReadAsByteArrayAsync()); // relayed byte for byte
    }

    private static async Task ReplayAsync(TranscriptReplay replay, string scenario, JsonElement step, IEnumerable<HttpRecord> shown)
    {
        var transcript = HttpRecord.Load(scenario, step.Text("transcript")!);
        var client = step.Text("client")!;
        replay.Prepare(client, [.. shown, .. transcript]);
        var flags = step.Texts("flags");
        var token = flags.SkipWhile(f => f != "--token").Skip(1).FirstOrDefault();
        var path = step.Text("do")!.Contains("full path", StringComparison.Ordinal) ? "/api/v1/artifacts/" : "";

        var (run, requests) = await replay.SyncAsync(client, transcript, flags.Contains("--init"), token, path);

        AssertEnd(step, run);
        AssertRequests(step, transcript, requests, run, token);
    }

    private static void AssertEnd(JsonElement step, SyncRun run)
    {
        var (status, code) = Ends.TryGetValue(step.Text("do")!, out var end) ? end
            : step.GetProperty("exit").GetInt32() == 0 ? (RunStatus.Succeeded, null) : (run.Status, Enum.Parse<ErrorCode>(run.ErrorCode ?? "UnexpectedError"));
        Assert.True(status == run.Status && code?.ToString() == run.ErrorCode, $"{step.Text("do")}: {Outcome.Describe(run)}");
        Assert.True(step.GetProperty("exit").GetInt32() == 0 || Ends.ContainsKey(step.Text("do")!) || run.Status != RunStatus.Succeeded, Outcome.Describe(run));
        if (run.Status == RunStatus.Succeeded && step.TryGetProperty("counts", out var counts) && counts.ValueKind == JsonValueKind.Object)
        {
            Assert.Equal(
                $"{step.Text("do")}: sessions {counts.GetProperty("imported_sessions")}, messages {counts.GetProperty("imported_messages")}, events {counts.GetProperty("imported_metadata")}",
                $"{step.Text("do")}: sessions {run.Counters.ImportedSessions}, messages {run.Counters.ImportedMessages}, events {run.Counters.ImportedEvents}");
        }
    }

    private static void AssertRequests(
        JsonElement step, IReadOnlyList<HttpRecord> transcript, IReadOnlyList<RawRequest> requests, SyncRun run, string? token)
    {
        var what = step.Text("do")!;
        Assert.Equal("/api/v1/artifacts/origins?limit=512", requests[0].Path);
        var listings = requests.Count(r => r.Route.EndsWith("/origins", StringComparison.Ordinal) && !r.Path.Contains("cursor", StringComparison.Ordinal));
        Assert.True(listings == 1 || run.ErrorCode == nameof(ErrorCode.TargetUnavailable), $"{what}: {listings} listings of origins"); // which is tried again
        Assert.Equal(run.Status == RunStatus.Failed ? 0 : 1, requests.Count(r => r.Route.EndsWith("/finalize", StringComparison.Ordinal)));
        foreach (var request in requests)
        {
            Assert.Equal(token is null ? null : "Bearer " + token, request.Headers.GetValueOrDefault("Authorization"));
            Assert.Equal(request.Method is "POST" or "DELETE", request.Headers.TryGetValue("Origin", out var origin));
            Assert.True(origin is null || origin == "http://" + request.Headers["Host"]);
            if (HttpRecord.Named(request.Route) is not null && request.Method == "POST")
            {
                Assert.Equal("application/octet-stream", request.Headers["Content-Type"]);
                Assert.Equal("deferred", request.Headers["X-Agentsview-Artifact-Import"]);
            }
        }
        if (step.GetProperty("exit").GetInt32() != 0 || run.Status == RunStatus.Failed)
        {
            return; // ours goes on where the recorded one stopped
        }
        Lines.AssertSame($"{what}: sent", Sent(transcript.Where(r => r.Method == "POST").Select(r => (r.Route, r.RequestBody ?? []))),
            Sent(requests.Where(r => r.Method == "POST").Select(r => (r.Route, r.Body))));
        Lines.AssertSame($"{what}: fetched", Fetched(transcript.Select(r => (r.Method, r.Route))), Fetched(requests.Select(r => (r.Method, r.Route))));
        // Common checkpoints are compared when new, the newest of an origin always; indexes are asked of what the peer has.
        Assert.Empty(requests.Where(r => r.Method == "GET").Select(r => r.Route).Except(transcript.Select(r => r.Route)));
    }

    private static List<string> Sent(IEnumerable<(string Route, byte[] Body)> posts) => [.. posts
        .Select(post => (post, Artifact: HttpRecord.Named(post.Route))).Where(post => post.Artifact is not null)
        .Select(post => $"{post.Artifact!.Path} {HttpRecord.Decoded(post.Artifact, post.post.Body)}").Distinct().Order(StringComparer.Ordinal)];

    private static List<string> Fetched(IEnumerable<(string Method, string Route)> requests) => [.. requests
        .Where(request => request.Method == "GET" && HttpRecord.Named(request.Route) is { Kind: not ArtifactKind.Checkpoints })
        .Select(request => request.Route).Distinct().Order(StringComparer.Ordinal)];

    private static void AssertRows(Machine machine, string scenario, string file)
    {
        using var sql = machine.Open();
        var recorded = RowTables.Recorded(Recordings.Load(scenario, file));
        var ours = RowTables.Of(sql, machine.Artifacts);
        recorded.HideOwnClock(machine.Origin);
        ours.HideOwnClock(machine.Origin);
        RowDiff.AssertEqual(recorded, ours, sql.Columns);
    }

    private static IEnumerable<JsonElement> Steps(string scenario) =>
        Recordings.Scenario(scenario).GetProperty("steps").EnumerateArray().Where(s => s.Has("do") || s.Has("rows"));

    private static IEnumerable<JsonElement> Syncs(string scenario) => Steps(scenario).Where(s => s.Has("transcript"));

    /// <summary>Whether the transcripts show what the client had; else only its listings can be compared.</summary>
    private static bool ShowsContent(string scenario) => Syncs(scenario)
        .SelectMany(s => HttpRecord.Load(scenario, s.Text("transcript")!)).Any(r => r.Artifact is { Kind: not ArtifactKind.Checkpoints });
}
