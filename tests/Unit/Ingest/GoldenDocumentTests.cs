using System.Text.Json;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Live;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Ingest;

/// <summary>What import does with a stored checkpoint, manifest or segment, also one that reception refuses (spec 7.2, 7.3).</summary>
[Trait("Category", "Golden")]
public sealed class GoldenDocumentTests
{
    private const string Source = "artifact/documents.json|cases";

    public static TheoryData<string> Cases => Recordings.Data(
        ((IEnumerable<object[]>)Golden.Cases(Source)).Select(row => (string)row[0]).Where(id => Golden.Case(id).Text("kind") != "meta"));

    [GoldenTheory]
    [MemberData(nameof(Cases))]
    public async Task Exchange_StoredDocument_HasRecordedVerdict(string id)
    {
        JsonElement document = Golden.Case(id);
        using var scratch = new TempFolder();
        var machine = new Machine("bravo-3d4e5f", scratch["archive"]);
        DocumentRecordingTests.WriteClosure(scratch.CreateDirectory("stored"), document);
        await StoredArtifacts.PutAsync(machine, scratch["stored"], scratch.CreateDirectory("share"));

        await machine.SyncAsync(scratch["share"], initialize: true);

        ImportState state = ImportState.Of(machine);
        string name = WireFiles.Logical($"{document.Text("origin")}/{document.Text("kind")}/{document.Text("wire_name")}");
        string verdict = (state.Members["quarantined"].Contains(name), state.Members["landing"].Count, state.Members["sessions"].Count) switch
        {
            (true, 0, 0) => "quarantine",
            (false, 1, 0) => "land",
            (false, 1, 1) => "import",
            (false, 0, 0) when state.Members["live_foreign"].Contains(name) => "defer",
            var other => $"{other}",
        };
        Assert.Equal(document.Text("on_import"), verdict);
    }
}
