using System.Text;
using System.Text.Json;
using ArtifactSync.Model;

namespace ArtifactSync.Archive;

/// <summary>Kinds, statuses and counters of runs as the ledger spells them.</summary>
internal static class RunText
{
    private static readonly (string Name, Func<RunCounters, long> Get, Action<RunCounters, long> Set)[] Counters =
    [
        ("published", c => c.Published, (c, v) => c.Published = v),
        ("sent", c => c.Sent, (c, v) => c.Sent = v),
        ("received", c => c.Received, (c, v) => c.Received = v),
        ("importedSessions", c => c.ImportedSessions, (c, v) => c.ImportedSessions = v),
        ("importedMessages", c => c.ImportedMessages, (c, v) => c.ImportedMessages = v),
        ("importedEvents", c => c.ImportedEvents, (c, v) => c.ImportedEvents = v),
        ("deferred", c => c.Deferred, (c, v) => c.Deferred = v),
        ("rejected", c => c.Rejected, (c, v) => c.Rejected = v),
        ("quarantined", c => c.Quarantined, (c, v) => c.Quarantined = v),
        ("healed", c => c.Healed, (c, v) => c.Healed = v),
        ("collected", c => c.Collected, (c, v) => c.Collected = v),
        ("bytesSent", c => c.BytesSent, (c, v) => c.BytesSent = v),
        ("bytesReceived", c => c.BytesReceived, (c, v) => c.BytesReceived = v),
        ("filesImported", c => c.FilesImported, (c, v) => c.FilesImported = v),
        ("filesSkipped", c => c.FilesSkipped, (c, v) => c.FilesSkipped = v),
        ("filesFailed", c => c.FilesFailed, (c, v) => c.FilesFailed = v),
        ("malformedLines", c => c.MalformedLines, (c, v) => c.MalformedLines = v),
        ("scanned", c => c.Scanned, (c, v) => c.Scanned = v),
        ("eligible", c => c.Eligible, (c, v) => c.Eligible = v),
        ("keptByGrace", c => c.KeptByGrace, (c, v) => c.KeptByGrace = v),
        ("bytesCollected", c => c.BytesCollected, (c, v) => c.BytesCollected = v),
        ("skippedOrigins", c => c.SkippedOrigins, (c, v) => c.SkippedOrigins = v),
        ("verified", c => c.Verified, (c, v) => c.Verified = v),
        ("findings", c => c.Findings, (c, v) => c.Findings = v),
        ("republished", c => c.Republished, (c, v) => c.Republished = v),
        ("requested", c => c.Requested, (c, v) => c.Requested = v),
        ("fetched", c => c.Fetched, (c, v) => c.Fetched = v),
        ("ingested", c => c.Ingested, (c, v) => c.Ingested = v),
        ("unchanged", c => c.Unchanged, (c, v) => c.Unchanged = v),
        ("skippedStale", c => c.SkippedStale, (c, v) => c.SkippedStale = v),
        ("dependentsDone", c => c.DependentsDone, (c, v) => c.DependentsDone = v),
        ("documentsRegenerated", c => c.DocumentsRegenerated, (c, v) => c.DocumentsRegenerated = v),
        ("documentsTakenOver", c => c.DocumentsTakenOver, (c, v) => c.DocumentsTakenOver = v),
        ("documentsEmbedded", c => c.DocumentsEmbedded, (c, v) => c.DocumentsEmbedded = v),
        ("abortedJobs", c => c.AbortedJobs, (c, v) => c.AbortedJobs = v),
        ("applied", c => c.Applied, (c, v) => c.Applied = v),
        ("echoes", c => c.Echoes, (c, v) => c.Echoes = v),
        ("stale", c => c.Stale, (c, v) => c.Stale = v),
        ("queued", c => c.Queued, (c, v) => c.Queued = v),
        ("memoryInserted", c => c.MemoryInserted, (c, v) => c.MemoryInserted = v),
        ("memoryUpdated", c => c.MemoryUpdated, (c, v) => c.MemoryUpdated = v),
        ("memorySkipped", c => c.MemorySkipped, (c, v) => c.MemorySkipped = v),
    ];

    public static int CounterCount => Counters.Length;

    /// <summary><c>memory-import</c> for MemoryImport.</summary>
    public static string Of(RunKind kind) => kind switch
    {
        RunKind.MemoryImport => "memory-import",
        RunKind.MemorySync => "memory-sync",
        _ => Lower(kind),
    };

    public static RunKind Kind(string text) => Enum.Parse<RunKind>(text.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);

    public static string Of(RunStatus status) => Lower(status);

    public static RunStatus Status(string text) => Enum.Parse<RunStatus>(text, ignoreCase: true);

    public static string Of(EntityStatus status) => Lower(status);

    public static EntityStatus EntityStatus(string text) => Enum.Parse<EntityStatus>(text, ignoreCase: true);

    /// <summary>Counters other than 0.</summary>
    public static string WriteCounters(RunCounters counters)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, get, _) in Counters)
            {
                if (get(counters) is var value and not 0)
                {
                    json.WriteNumber(name, value);
                }
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <summary>Names of other kinds of run are passed over.</summary>
    public static RunCounters ReadCounters(ReadOnlySpan<byte> text)
    {
        var counters = new RunCounters();
        var json = new Utf8JsonReader(text);
        Action<RunCounters, long>? set = null;
        while (json.Read())
        {
            if (json.TokenType == JsonTokenType.PropertyName)
            {
                var name = json.GetString();
                set = Array.Find(Counters, c => c.Name == name).Set;
            }
            else if (json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var value))
            {
                set?.Invoke(counters, value);
            }
        }

        return counters;
    }

#pragma warning disable CA1308 // the ledger spells them in lower case
    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
#pragma warning restore CA1308
}
