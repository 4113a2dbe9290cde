using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>The proof: what the server lacks, holds older or newer is found, and nothing else (memory spec 7.7, cases 97-99).</summary>
[Trait("Category", "Memory")]
public sealed class ProofTests : IDisposable
{
    private static readonly DateTimeOffset s_start = new(2026, 4, 27, 10, 0, 0, TimeSpan.Zero);
    private readonly LogServer _server = new();
    private readonly MemoryMachine _a;
    private readonly MemoryMachine _b;

    public ProofTests() => (_a, _b) = (Machine("A"), Machine("B"));

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void EverythingThere_Silent_AndNothingChanged()
    {
        Fill();
        var state = _a.State;
        Assert.Empty(Look(_a));
        Assert.Empty(Look(_b));
        Assert.Equal(state, _a.State);
    }

    [Fact]
    [Trait("Case", "97")]
    public void Case97_ARowMissingInTheLog_OneAbsentAcked_RepairQueuesIt()
    {
        Fill();
        _server.Cut(_server.Entries.Single(entry => entry.EntityKey == "o1").Seq);
        var finding = Assert.Single(Look(_a));
        Assert.Equal((MemoryFindingClass.AbsentAcked, "o1"), (finding.Class, finding.Key));
        var acked = Acked();
        var journal = Journal();
        var (found, repaired) = Repair(_a);
        Assert.Equal([("observation", "o1")], repaired);
        Assert.Single(found);
        Assert.Equal(acked, Acked());
        Assert.Equal(journal + 1, Journal());
        Assert.Null(_a.Cycle().Failure);
        Assert.Empty(Look(_a));

        long Acked() => _a.Db.Scalar<long>("SELECT sum(acked_at) FROM memory_mutations");
        long Journal() => _a.Db.Scalar<long>("SELECT count(*) FROM memory_mutations");
    }

    [Fact]
    public void FakedAck_IsFound()
    {
        Fill();
        _a.Clock.Advance(TimeSpan.FromMinutes(1));
        _a.Edit("o1", "never stored");
        _a.Write(change => change.Db.Execute("UPDATE memory_mutations SET acked_at = 1 WHERE acked_at IS NULL"));
        _a.Write(change => change.Db.Execute("UPDATE memory_versions SET cloud_seq = 7 WHERE cloud_seq IS NULL"));
        var finding = Assert.Single(Look(_a));
        Assert.Equal((MemoryFindingClass.OlderThere, "o1"), (finding.Class, finding.Key));
    }

    [Fact]
    [Trait("Case", "98")]
    public void Case98_PendingAndNotPulledYet_AreNoDeviations()
    {
        Fill();
        _a.Clock.Advance(TimeSpan.FromMinutes(1));
        _a.Edit("o1", "pending");
        _b.Clock.Advance(TimeSpan.FromMinutes(2));
        _b.Edit("o2", "newer, not pulled by A");
        _b.Save("o9", "s", "new, not pulled by A");
        _b.Cycle();
        Assert.Empty(Look(_a));
    }

    [Fact]
    [Trait("Case", "98")]
    public void Case98_ACycleAndLocalWritesBesideTheProof_GiveNoDeviation()
    {
        Fill();
        for (var i = 0; i < 8; i++)
        {
            _a.Save($"row{i}", "s", "c");
        }

        _a.Cycle();
        var pages = 0;
        _server.After = (machine, route) =>
        {
            if (machine == "A" && route.EndsWith("/pull", StringComparison.Ordinal) && ++pages == 2)
            {
                Beside();
            }
        };
        Assert.Empty(Look(_a));
        Assert.True(pages > 3, $"only {pages} pages");
        Assert.Equal(_a.Content(), _b.Content());

        void Beside()
        {
            _b.Cycle();
            _a.Clock.Advance(TimeSpan.FromMinutes(1));
            _a.Edit("row7", "edited beside");
            _a.HardDelete("row6");
            _a.Save("row8", "s", "new beside");
            _a.Cycle();
            _b.Clock.Advance(TimeSpan.FromMinutes(2));
            _b.Cycle();
        }
    }

    [Fact]
    [Trait("Case", "99")]
    public void Case99_ARowMissedBelowTheCursor_NewerThere_RepairPullsItAndQueuesNothing()
    {
        Fill();
        _a.Write(change =>
        {
            change.Db.Execute("DELETE FROM memory_observations WHERE sync_id = 'o2'");
            change.Db.Execute("DELETE FROM memory_versions WHERE entity_key = 'o2'");
            change.Db.Execute("DELETE FROM memory_mutations WHERE entity_key = 'o2'");
        });
        var finding = Assert.Single(Look(_a));
        Assert.Equal((MemoryFindingClass.NewerThere, "o2"), (finding.Class, finding.Key));
        Assert.Equal([("observation", "o2")], Repair(_a).Repaired);
        Assert.Equal(0, _a.Pending);
        Assert.Empty(Look(_a));
        Assert.Equal(_b.Content(), _a.Content());
    }

    [Fact]
    [Trait("Case", "99")]
    public void AForbiddenProject_OneNotReadable()
    {
        Fill();
        _server.Allow("A", "other");
        var finding = Assert.Single(Look(_a));
        Assert.Equal((MemoryFindingClass.NotReadable, "p"), (finding.Class, finding.Key));
    }

    [Fact]
    public void GoneRowsThatTheLogLost_AreSentAgain()
    {
        Fill();
        _a.Clock.Advance(TimeSpan.FromMinutes(1)); // later than what it deletes: in one second the row would win (7.5)
        _a.HardDelete("o1");
        _a.DeletePrompt("m1");
        _a.Cycle();
        foreach (var entry in _server.Entries.Where(entry => entry.Op == "delete" && entry.EntityKey != "o2").ToList())
        {
            _server.Cut(entry.Seq);
        }

        Assert.Equal(["m1", "o1"], Look(_a).Select(finding => finding.Key).Order(StringComparer.Ordinal));
        Assert.Equal(2, Repair(_a).Repaired.Count);
        _a.Cycle();
        _b.Cycle();
        Assert.Empty(Look(_a));
        Assert.Equal(_a.Content(), _b.Content());
        Assert.False(ObservationTable.Exists(_b.Db, "o1"));
    }

    [Fact]
    public void ASessionFieldThatTheLogLost_IsFoundAndRepaired()
    {
        Fill();
        _a.Clock.Advance(TimeSpan.FromMinutes(1));
        _a.EndSession("s", "done");
        _a.Cycle();
        _server.Cut(_server.Head);
        var finding = Assert.Single(Look(_a));
        Assert.Equal(("session", "s", MemoryFindingClass.OlderThere), (finding.Entity, finding.Key, finding.Class));
        Assert.Single(Repair(_a).Repaired);
        _a.Cycle();
        _b.Cycle();
        Assert.Empty(Look(_a));
        Assert.Equal(_a.Content(), _b.Content());
    }

    private void Fill()
    {
        _a.CreateSession("s", "p", "/d");
        _a.Save("o1", "s", "one");
        _a.AddPrompt("m1", "s");
        _a.Cycle();
        _b.Cycle();
        _b.Save("o2", "s", "two");
        _b.SoftDelete("o2");
        _b.Cycle();
        _a.Cycle();
        Assert.Equal(_a.Content(), _b.Content());
    }

    private IReadOnlyList<ProofDeviation> Look(MemoryMachine machine) => With(machine, proof => proof.LookAsync(CancellationToken.None));

    private (IReadOnlyList<ProofDeviation> Found, HashSet<(string, string)> Repaired) Repair(MemoryMachine machine) =>
        With(machine, proof => proof.RepairAsync(CancellationToken.None));

    private T With<T>(MemoryMachine machine, Func<MemoryProof, Task<T>> work)
    {
        using var api = _server.Client(machine.Name);
        var settings = machine.Settings with { IsFull = true };
        var sync = new ArtifactSync.Memory.Cloud.MemorySync(machine.Archive, api, settings, "proof", NullObserver.Instance);
        return work(new MemoryProof(sync, ["p"])).GetAwaiter().GetResult();
    }

    private MemoryMachine Machine(string name)
    {
        var machine = new MemoryMachine(name, _server, s_start);
        machine.Enroll("p");
        machine.Write(change => Backfill.Run(change, "p"));
        return machine;
    }
}
