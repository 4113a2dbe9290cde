using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Metadata;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

/// <summary>Recorded import passes and single documents, through the replay of a whole archive.</summary>
[Trait("Category", "Golden")]
[Trait("Category", "Metadata")]
public sealed class ReplayGoldenTests
{
    private const string Receiver = "zz-local";
    private const string KnownSession = "laptop-a1b2c3~sess-1";

    public static TheoryData<string> Passes => Golden.Cases("artifact-fuzz/replay-passes.json|cases");

    public static TheoryData<string> Documents => Meta("artifact/documents.json|cases", "artifact-fuzz/documents.json|cases");

    [GoldenTheory]
    [MemberData(nameof(Passes))]
    public void Run_Passes_GiveRecordedState(string id)
    {
        JsonElement scenario = Golden.Case(id);
        (ArtifactRef Artifact, byte[] Bytes)[] artifacts = [.. scenario.GetProperty("artifacts").EnumerateArray().Select(Artifact)];
        using var machine = new LedgerMachine(scenario.Text("local_origin"));
        machine.Write(db => MetadataTable.StoreClock(db, scenario.Text("initial_hlc")!));
        foreach (JsonElement pass in scenario.GetProperty("passes").EnumerateArray())
        {
            machine.Clock.WallTime = LedgerClock.Parse(pass.Text("now")!);
            foreach (JsonElement gid in pass.GetProperty("sessions_added").EnumerateArray())
            {
                machine.AddSession(Gid.ToLocal(machine.Origin, gid.GetString()!), LedgerVectors.Messages(scenario));
            }

            machine.Receive(Indexes(pass, "artifacts_added").Select(i => artifacts[i]));
            machine.Replay();

            Assert.Equal(pass.Text("hlc_state"), MetadataTable.LoadClock(machine.Db) ?? "");
            Assert.Equal(Paths(Indexes(pass, "quarantined").Select(i => artifacts[i].Artifact)),
                Paths(machine.Store.Quarantined.Select(static q => q.Artifact)));
            Assert.Equal(Keys(Indexes(pass, "applied").Select(i => artifacts[i].Artifact)), LedgerRows.Applied(machine.Db)
                .Order(StringComparer.Ordinal));
        }

        CheckEnd(machine, scenario, artifacts);
    }

    /// <summary>Each document alone in the store, at the clock and beside the session that the recording names.</summary>
    [GoldenTheory]
    [MemberData(nameof(Documents))]
    public void Run_Document_HasRecordedOutcome(string id)
    {
        JsonElement vector = Golden.Case(id);
        string outcome = vector.Text("on_import")!;
        byte[] bytes = vector.Bytes("content_hex", "content");
        ArtifactRef artifact = ArtifactName.Parse(vector.Text("origin") ?? "laptop-a1b2c3", ArtifactKind.Meta, vector.Text("wire_name")!);
        using var machine = new LedgerMachine(Receiver);
        machine.Clock.WallTime = LedgerClock.Parse("2026-06-14T010203.000000001Z");
        machine.AddSession(KnownSession);
        machine.Receive((artifact, bytes));

        machine.Replay();

        Assert.Equal(Expected(outcome), Outcome(machine, artifact));
        if (outcome.StartsWith("defer", StringComparison.Ordinal))
        {
            Assert.Equal(outcome.Contains("HLC observed", StringComparison.Ordinal), MetadataTable.LoadClock(machine.Db) is not null);
        }
    }

    private static string Outcome(LedgerMachine machine, ArtifactRef artifact)
    {
        string applied = MetadataTable.IsApplied(machine.Db, artifact.Origin, ArtifactName.OrderKey(artifact)) ? "applied" : "";
        string quarantined = machine.Store.Quarantined.Count > 0 ? "quarantined" : "";
        string waits = MetadataTable.Waiting(machine.Db) > 0 ? "waits" : "";
        return $"{applied} {quarantined} {waits}".Trim();
    }

    private static string Expected(string outcome) => outcome switch
    {
        "apply" => "applied",
        "mark applied + quarantine" or "import aborts" => "applied quarantined", // the original aborts; ours confines (spec 9.7, 9a)
        "quarantine (not marked applied)" => "quarantined",
        "defer" or "defer (HLC observed)" => "waits",
        "n/a" => "waits", // bytes that are not those of the name never pass reception; found in the store they are damage
        _ => throw new InvalidOperationException($"An outcome that the test does not know: {outcome}"),
    };

    private static void CheckEnd(LedgerMachine machine, JsonElement scenario, (ArtifactRef Artifact, byte[] Bytes)[] artifacts)
    {
        string Key(JsonElement row, int at) => ArtifactName.OrderKey(artifacts[row[at].GetInt32()].Artifact);
        Assert.Equal(
            scenario.GetProperty("registers").EnumerateArray().Select(r => $"{r[0]} {r[1]} {Key(r, 2)}").Order(StringComparer.Ordinal),
            LedgerRows.Registers(machine.Db).Select(static r => string.Join(' ', r.Split(' ')[..3])).Order(StringComparer.Ordinal));
        Assert.Equal(
            scenario.GetProperty("conflicts").EnumerateArray().Select(c => $"{c[0]} {c[1]} {Key(c, 2)} {Key(c, 3)}"),
            LedgerRows.Conflicts(machine.Db).Select(static c => string.Join(' ', c.Split(' ')[..4])));
        foreach (JsonElement visible in scenario.GetProperty("visible").EnumerateArray())
        {
            Assert.Equal((true, true), LedgerVectors.AssertVisible(machine, visible));
        }
    }

    private static (ArtifactRef Artifact, byte[] Bytes) Artifact(JsonElement artifact)
    {
        byte[] bytes = artifact.Bytes("content_hex", "content");
        ArtifactRef reference = ArtifactName.Parse(artifact.Text("origin")!, ArtifactKind.Meta, artifact.Text("name")!);
        Assert.Equal(ArtifactName.Sha256(reference), Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return (reference, bytes);
    }

    private static IEnumerable<int> Indexes(JsonElement pass, string name) => pass.GetProperty(name).EnumerateArray()
        .Select(static i => i.GetInt32());

    private static IEnumerable<string> Paths(IEnumerable<ArtifactRef> artifacts) => artifacts.Select(static a => a.Path)
        .Order(StringComparer.Ordinal);

    private static IEnumerable<string> Keys(IEnumerable<ArtifactRef> artifacts) =>
        artifacts.Select(static a => $"{a.Origin} {ArtifactName.OrderKey(a)}").Order(StringComparer.Ordinal);

    private static TheoryData<string> Meta(params string[] sources)
    {
        var data = new TheoryData<string>();
        foreach (string source in sources)
        {
            foreach (string id in ((IEnumerable<object[]>)Golden.Cases(source)).Select(static row => (string)row[0]))
            {
                if (Golden.Case(id).Text("kind") == "meta")
                {
                    data.Add(id);
                }
            }
        }

        return data;
    }
}
