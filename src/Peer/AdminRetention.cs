using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using Microsoft.AspNetCore.Http;

namespace ArtifactSync.Peer;

/// <summary>Collection and reset over the admin routes (spec 10.6, 11): the same runs as those of the commands.</summary>
internal static partial class AdminRetention
{
    /// <summary>Collects in the local store alone: what a peer or folder holds is none of this server's.</summary>
    public static async Task MaintainAsync(PeerRequest request, EngineOptions options, MaintenanceBody body)
    {
        var engine = new SyncEngine(options);
        var collect = new CollectRequest
        {
            GracePeriod = Grace(body.Grace, body.GraceSeconds),
            QuarantineGracePeriod = Grace(body.QuarantineGrace, body.QuarantineGraceSeconds),
            MaxObjects = body.MaxObjects > 0 ? body.MaxObjects : null,
            MaxBytes = body.MaxBytes > 0 ? body.MaxBytes : null,
            WhatIf = body.DryRun,
        };
        var stale = new Totals();
        var expired = new Totals();
        var quarantined = engine.GetQuarantined(new QuarantineQuery()).Count();
        var run = await engine.CollectAsync(collect, Count, NullObserver.Instance, request.Aborted);
        if (run.Status == RunStatus.Failed)
        {
            await request.TextAsync(StatusCodes.Status500InternalServerError, "artifact maintenance failed");
            return;
        }
        await request.JsonAsync(StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject("logical");
            json.WriteBoolean("DryRun", body.DryRun);
            json.WriteNumber("Origins", engine.GetPeers().Count());
            json.WriteNumber("SkippedOrigins", run.Counters.SkippedOrigins);
            json.WriteNumber("Scanned", run.Counters.Scanned);
            json.WriteNumber("Candidates", stale.Objects + run.Counters.KeptByGrace);
            json.WriteNumber("Eligible", stale.Objects);
            json.WriteNumber("KeptByGrace", run.Counters.KeptByGrace);
            json.WriteNumber("Deleted", stale.Removed);
            json.WriteNumber("BytesEligible", stale.Bytes);
            json.WriteNumber("BytesDeleted", stale.BytesRemoved);
            json.WriteNumber("QuarantinedScanned", quarantined);
            json.WriteNumber("QuarantinedEligible", expired.Objects);
            json.WriteNumber("QuarantinedDeleted", expired.Removed);
            json.WriteBoolean("QuarantineSkipped", false);
            json.WriteEndObject();
            WritePhysical(json, isSupported: !body.DryRun);
        });

        ValueTask Count(StaleArtifact artifact)
        {
            (artifact.Reason == StaleReason.QuarantineExpired ? expired : stale).Add(artifact);
            return ValueTask.CompletedTask;
        }
    }

    public static async Task ResetAsync(PeerRequest request, EngineOptions options)
    {
        string aside = "";
        var engine = new SyncEngine(options);
        var run = await engine.ResetAsync(whatIf: false, Note, NullObserver.Instance, request.Aborted);
        if (run.Status == RunStatus.Failed)
        {
            await request.TextAsync(StatusCodes.Status500InternalServerError, "artifact reset failed");
            return;
        }
        var own = engine.GetPeers().FirstOrDefault(peer => peer.IsLocal);
        await request.JsonAsync(StatusCodes.Status200OK, json =>
        {
            json.WriteString("vault_root", Path.Combine(engine.ArchivePath, "artifacts"));
            json.WriteString("diagnostic_root", aside);
            json.WriteStartObject("export");
            json.WriteNumber("ExportedSessions", own?.PublishedSessions ?? 0);
            json.WriteBoolean("CheckpointCreated", own?.CheckpointSequence > 0);
            json.WriteNumber("CheckpointSequence", own?.CheckpointSequence ?? 0);
            json.WriteEndObject();
            json.WriteString("manual_cleanup", "The store was moved aside and is never deleted. Remove it yourself when nothing in it is needed any more.");
            json.WriteString("foreign_artifacts", "Artifacts of other machines come back with the next exchange; their sessions in the archive are unchanged.");
        });

        ValueTask Note(ArtifactFinding finding)
        {
            aside = finding.Action == FindingAction.MovedAside ? finding.Name : aside;
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>A duration as Go writes it: 168h, 1h30m, 0s. Null = it is none.</summary>
    public static TimeSpan? ParseDuration(string text)
    {
        var match = GoDuration().Match(text);
        if (!match.Success)
        {
            return null;
        }
        var seconds = 0.0;
        foreach (var (number, unit) in match.Groups["number"].Captures.Zip(match.Groups["unit"].Captures))
        {
            seconds += double.Parse(number.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * unit.Value switch
            {
                "h" => 3600, "m" => 60, "s" => 1, "ms" => 1e-3, "ns" => 1e-9, _ => 1e-6,
            };
        }
        return seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    private static TimeSpan Grace(string? text, double? seconds) => text is not null ? ParseDuration(text)!.Value
        : seconds is { } given ? TimeSpan.FromSeconds(Math.Min(given, TimeSpan.MaxValue.TotalSeconds / 2)) : CollectRequest.DefaultGrace;

    /// <summary>Files are removed at once, so that nothing is left for the stages in which the original frees its vault.</summary>
    private static void WritePhysical(Utf8JsonWriter json, bool isSupported)
    {
        json.WriteStartObject("physical");
        json.WriteBoolean("supported", isSupported);
        json.WriteStartObject("result");
        foreach (var stage in (ReadOnlySpan<string>)["EmptyTrash", "GarbageCollect", "Repack"])
        {
            json.WriteStartObject(stage);
            json.WriteNumber("Processed", 0);
            json.WriteNumber("Bytes", 0);
            json.WriteString("NextCursor", "");
            json.WriteBoolean("More", false);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    [GeneratedRegex(@"^\+?(0|((?<number>\d+(\.\d*)?)(?<unit>ns|us|µs|ms|s|m|h))+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex GoDuration();

    private sealed class Totals
    {
        public long Objects { get; private set; }
        public long Bytes { get; private set; }
        public long Removed { get; private set; }
        public long BytesRemoved { get; private set; }

        public void Add(StaleArtifact artifact)
        {
            Objects++;
            Bytes += artifact.Size;
            if (artifact.Action == StaleAction.Removed)
            {
                Removed++;
                BytesRemoved += artifact.Size;
            }
        }
    }
}
