using System.Text;
using System.Text.Json;
using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Live;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Peer;

/// <summary>Our server answers each recorded probe with the recorded status and shape, or as the table says.</summary>
[Trait("Category", "Transport")]
public sealed class ProbeTests
{
    private const string Own = "bravo-3d4e5f";
    private const string OldCursor = "next_cursor";

    /// <summary>Ours differs, and why. Status of ours.</summary>
    private static readonly Dictionary<(string Scenario, string Label), (int Status, string Why)> Differences = new()
    {
        [("http-probes-admin", "exchange '{\"target\":\"x://y\"}' (18 bytes)")] = (502, "N makes a folder of that name (10.3, recording of a defect)"),
        [("http-probes-admin", "exchange '{\"target\":\"s3://bucket\"}' (24 bytes)")] = (502, "no such bucket"),
    };

    public static TheoryData<string> Scenarios => Recordings.Data(Recordings.Names("http-probes"));

    [GoldenTheory]
    [MemberData(nameof(Scenarios))]
    public async Task Probe_Recorded_IsAnsweredAsRecorded(string scenario)
    {
        await using var world = await ProbeWorld.StartAsync(scenario);
        var wrong = new List<string>();
        foreach (var probe in HttpRecord.Load(scenario, "probes.json"))
        {
            await world.PrepareAsync(probe);
            using var response = await world.SendAsync(probe);
            var expected = Differences.TryGetValue((scenario, probe.Json.Text("label")!), out var ours) ? ours.Status : probe.Status;
            var body = await response.Content.ReadAsByteArrayAsync();
            if ((int)response.StatusCode != expected)
            {
                wrong.Add($"{probe.Label}: {(int)response.StatusCode} instead of {expected}: {Encoding.UTF8.GetString(body)}");
            }
            else if (expected == probe.Status)
            {
                wrong.AddRange(Compare(world, probe, response, body).Select(what => $"{probe.Label}: {what}"));
            }
        }
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    private static IEnumerable<string> Compare(ProbeWorld world, HttpRecord probe, HttpResponseMessage response, byte[] body)
    {
        foreach (var name in new[] { "Content-Type", "Cache-Control", "X-Content-Type-Options", "Vary" })
        {
            var values = response.Headers.TryGetValues(name, out var found) || response.Content.Headers.TryGetValues(name, out found) ? string.Join(", ", found) : null;
            if (probe.ResponseHeader(name) != values && !(name == "Vary" && probe.ResponseHeader(name) is null))
            {
                yield return $"{name} is '{values}' instead of '{probe.ResponseHeader(name)}'";
            }
        }
        if (probe.ResponseJson is { } recorded)
        {
            using var json = JsonDocument.Parse(body);
            world.Learn(recorded, json.RootElement);
            foreach (var difference in Shape(recorded, json.RootElement, ""))
            {
                yield return $"{difference}: {Encoding.UTF8.GetString(body)}";
            }
        }
        else if (probe.Artifact is { } artifact && probe.Status == 200 && probe.Method == "GET" && artifact.Origin != Own)
        {
            if (HttpRecord.Decoded(artifact, body) != HttpRecord.Decoded(artifact, probe.ResponseBody!))
            {
                yield return "the artifact says something else";
            }
        }
    }

    /// <summary>
    /// The same members with the same types; lists may be null when empty. Receipts and counts are compared word for word,
    /// lists of names where the names are not of the server's own making.
    /// </summary>
    private static IEnumerable<string> Shape(JsonElement recorded, JsonElement ours, string path)
    {
        if (recorded.ValueKind == JsonValueKind.Object && ours.ValueKind == JsonValueKind.Object)
        {
            // Of an origin whose newest checkpoint can't be read ours still tells what is here.
            var unread = recorded.Text("status") == "error";
            var names = recorded.EnumerateObject().Select(m => m.Name).Union(ours.EnumerateObject().Select(m => m.Name));
            foreach (var name in names.Where(name => name != "last_published" && !(unread && name == "local_sessions")))
            {
                if (!recorded.TryGetProperty(name, out var theirs) || !ours.TryGetProperty(name, out var mine))
                {
                    yield return $"{path}.{name} is on one side only";
                    continue;
                }
                foreach (var difference in Shape(theirs, mine, $"{path}.{name}"))
                {
                    yield return difference;
                }
            }
        }
        else if (IsList(recorded) && IsList(ours))
        {
            var (theirs, mine) = (Items(recorded), Items(ours));
            if (theirs.Count != mine.Count)
            {
                yield return $"{path} has {mine.Count} entries instead of {theirs.Count}";
            }
            foreach (var difference in theirs.Zip(mine).SelectMany((pair, i) => Shape(pair.First, pair.Second, $"{path}[{i}]")))
            {
                yield return difference;
            }
        }
        else if (recorded.ValueKind is not (JsonValueKind.True or JsonValueKind.False) ? recorded.ValueKind != ours.ValueKind
            : recorded.GetBoolean() != ours.GetBoolean())
        {
            yield return $"{path} is {ours} instead of {recorded}";
        }
        else if (path == ".deferred" && (recorded.GetInt64() > 0) != (ours.GetInt64() > 0))
        {
            yield return $"{path} is {ours} instead of {recorded}"; // what waits is counted differently: ours counts events of later versions
        }
        else if (path is ".size" or ".hash" or ".name" or ".imported_sessions" or ".imported_messages" or ".imported_metadata"
            or ".kind" or ".origin" or ".conflict_count" && recorded.ToString() != ours.ToString())
        {
            yield return $"{path} is {ours} instead of {recorded}";
        }
        else if (path.EndsWith("_sessions", StringComparison.Ordinal) && path.StartsWith(".peers", StringComparison.Ordinal) && recorded.ToString() != ours.ToString())
        {
            yield return $"{path} is {ours} instead of {recorded}";
        }

        static bool IsList(JsonElement element) => element.ValueKind is JsonValueKind.Array or JsonValueKind.Null;
        static List<JsonElement> Items(JsonElement element) => element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray()] : [];
    }
}
