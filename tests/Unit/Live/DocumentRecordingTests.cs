using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Live;

/// <summary>
/// Every document of <c>golden/artifact/documents.json</c> in a folder, with the rest of a valid closure as it was
/// recorded, met by an empty archive.
/// </summary>
[Trait("Category", "Live")]
public sealed class DocumentRecordingTests
{
    private const string Documents = "artifact/documents.json";
    private const string Session = "sess-1";
    private const string Importer = "bravo-3d4e5f";

    public static TheoryData<string> Cases => Golden.Cases($"{Documents}|cases");

    [GoldenTheory]
    [MemberData(nameof(Cases))]
    public async Task Exchange_Document_HasRecordedOutcome(string id)
    {
        JsonElement document = Golden.Case(id);
        JsonElement recorded = Recordings.Load("documents-live", "results.json").EnumerateArray()
            .Single(r => r.Text("name") == document.Text("name"));
        using var scratch = new TempFolder();
        Directory.CreateDirectory(scratch["share"]);
        WriteClosure(scratch["share"], document);
        var machine = new Machine(Importer, scratch["archive"]);

        SyncRun run = await machine.SyncAsync(scratch["share"], initialize: true);

        ImportState.Of(machine).AssertMatches(ImportState.Recorded(recorded.GetProperty("outcome")), document.Text("name")!);
        Assert.True(run.Status == Expected(recorded), Outcome.Describe(run));
        using ArchiveSql sql = machine.Open();
        Assert.Equal(
            recorded.GetProperty("hlc_observed").GetBoolean(),
            sql.Query("SELECT value FROM archive_state WHERE key = ?1", StateTable.MetadataClock).Count == 1);
    }

    /// <summary>What was refused or put away is told: the run is not a plain success. What waits for a later version is no failure.</summary>
    private static RunStatus Expected(JsonElement recorded) =>
        recorded.Text("observed_reception") == "accept"
        && !recorded.Text("observed_import")!.StartsWith("quarantine", StringComparison.Ordinal)
            ? RunStatus.Succeeded
            : RunStatus.Partial;

    internal static void WriteClosure(string share, JsonElement document)
    {
        string origin = document.Text("origin")!;
        Assert.True(ArtifactName.TryParseKind(document.Text("kind"), out ArtifactKind kind));
        byte[] content = WireFiles.Utf8(document.Text("content")!);
        ArtifactRef artifact = ArtifactName.Parse(origin, kind, document.Text("wire_name")!);
        WireFiles.Write(share, artifact, content);
        switch (kind)
        {
            case ArtifactKind.Manifests:
                WireFiles.WriteHashed(share, origin, ArtifactKind.Segments, []);
                WriteCheckpoint(share, origin, document.Text("sha256")!);
                break;
            case ArtifactKind.Segments:
                WriteCheckpoint(share, origin, WriteManifest(share, origin, document.Text("sha256")!, messageCount: 1));
                break;
            case ArtifactKind.Meta:
                ArtifactRef empty = WireFiles.WriteHashed(share, origin, ArtifactKind.Segments, []);
                WriteCheckpoint(share, origin, WriteManifest(share, origin, ArtifactName.Sha256(empty)!, messageCount: 0));
                break;
        }
    }

    /// <summary>The manifest of the recording: its hash is among the recorded names.</summary>
    private static string WriteManifest(string share, string origin, string segment, int messageCount)
    {
        byte[] bytes = ManifestDocument.Encode(new Manifest
        {
            Version = 1,
            Origin = origin,
            NativeSessionId = Session,
            Segments = [segment],
            DataVersion = 1,
            Generation = 1,
            Session = new SessionRecord
            {
                Id = Session,
                Machine = origin,
                Agent = "claude",
                Project = "p",
                CreatedAt = "2026-06-01T00:02:00Z",
                StartedAt = "2026-06-01T00:00:00Z",
                EndedAt = "2026-06-01T00:01:00Z",
                FirstMessage = "hello",
                MessageCount = messageCount,
                UserMessageCount = 1,
            },
        });
        return ArtifactName.Sha256(WireFiles.WriteHashed(share, origin, ArtifactKind.Manifests, bytes))!;
    }

    private static void WriteCheckpoint(string share, string origin, string manifest)
    {
        var checkpoint = new Checkpoint { Version = 1, Origin = origin, Sequence = 1, Sessions = [new($"{origin}~{Session}", manifest)] };
        WireFiles.Write(share, ArtifactName.Checkpoint(origin, 1), CheckpointDocument.Encode(checkpoint));
    }
}
