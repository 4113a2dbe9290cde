using System.Globalization;
using ArtifactSync.Metadata;
using ArtifactSync.Wire;
using FsCheck;
using FsCheck.Fluent;

namespace ArtifactSync.Tests.Metadata;

/// <summary>
/// Four machines edit the same sessions with skewed clocks; events travel in any order, twice or late; content is imported
/// again in between. In the end all show the same.
/// </summary>
[Trait("Category", "Property")]
[Trait("Category", "Metadata")]
public sealed class LedgerConvergenceTests
{
    private const int Cases = 30;
    private static readonly string[] Origins = ["alpha-000001", "bravo-000002", "charlie-000003", "delta-000004"];
    private static readonly string[] Gids = ["alpha-000001~s1", "alpha-000001~s2", "bravo-000002~s3", "delta-000004~s4"];

    // The same session at different times: messages move and lose their uuid, but none that can be pinned goes away.
    private static readonly (long, string)[][] Contents =
    [
        [(0, "u0"), (1, "u1"), (2, "u2"), (3, "")],
        [(0, ""), (1, "u0"), (2, "u1"), (3, "u2"), (4, "u2")],
        [(0, "u2"), (1, "u2"), (2, ""), (3, "u0"), (5, "u1")],
    ];

    [Fact]
    public void Machines_AfterEverybodyExchanged_ShowTheSame()
    {
        Arbitrary<int[]> scripts = Gen.Choose(0, int.MaxValue).ArrayOf(80).ToArbitrary();
        Prop.ForAll(scripts, static script => Play(script)).Check(Config.QuickThrowOnFailure.WithMaxTest(Cases).WithReplay(20261121, 7));
    }

    private static void Play(int[] script)
    {
        LedgerMachine[] machines = [.. Origins.Select(static origin => new LedgerMachine(origin))];
        try
        {
            foreach ((int index, LedgerMachine machine) in machines.Index())
            {
                machine.Clock.Advance(TimeSpan.FromSeconds((index * 137) - 200));
                Array.ForEach(Gids, gid => machine.AddSession(machine.Local(gid), Contents[0]));
            }

            var random = new Random(script.Aggregate(17, HashCode.Combine));
            foreach (int action in script)
            {
                Act(machines, machines[action % 4], action / 4, random);
            }

            Settle(machines, random);
            Compare(machines);
        }
        finally
        {
            Array.ForEach(machines, static machine => machine.Dispose());
        }
    }

    private static void Act(LedgerMachine[] machines, LedgerMachine machine, int choice, Random random)
    {
        machine.Clock.Advance(TimeSpan.FromMilliseconds(random.Next(20_000)));
        Dictionary<string, string> before = OrderKeys(machine);
        switch (choice % 10)
        {
            case < 6:
                machine.Recorder.Apply(machine.Lease, [Edit(machine, Gids[random.Next(Gids.Length)], random)]);
                break;
            case < 8:
                Deliver(machines[random.Next(4)], machine, random, share: 0.6);
                machine.Replay();
                break;
            case 8:
                machine.Replay();
                break;
            default:
                Import(machine, Gids[random.Next(Gids.Length)], Contents[random.Next(Contents.Length)]);
                break;
        }

        // No edit is ever overwritten by an older one.
        Assert.All(OrderKeys(machine), after => Assert.True(
            !before.TryGetValue(after.Key, out string? key) || string.CompareOrdinal(key, after.Value) <= 0));
    }

    private static CurationEdit Edit(LedgerMachine machine, string gid, Random random)
    {
        string id = machine.Local(gid);
        string? text = random.Next(4) == 0 ? null : "text " + random.Next(3).ToString(CultureInfo.InvariantCulture);
        return random.Next(60) switch
        {
            < 12 => CurationEdit.SetDisplayName(id, text),
            < 22 => CurationEdit.SetStarred(id, random.Next(2) == 0),
            < 34 => CurationEdit.SetTrashed(id, random.Next(2) == 0),
            < 48 => CurationEdit.AddPin(id, random.Next(4), text),
            < 59 => CurationEdit.RemovePin(id, random.Next(4)),
            _ => CurationEdit.Purge(id),
        };
    }

    // A relay: whatever one machine holds, of whatever author; some of it lost on the way, some of it twice.
    private static void Deliver(LedgerMachine from, LedgerMachine to, Random random, double share)
    {
        (ArtifactRef, byte[])[] events = [.. Origins.SelectMany(from.Store.Of).Where(_ => random.NextDouble() < share)];
        random.Shuffle(events);
        to.Receive([.. events, .. events.Take(3)]);
    }

    private static void Import(LedgerMachine machine, string gid, (long, string)[] messages) => machine.Write(db =>
    {
        if (CurationTable.Find(db, machine.Local(gid)) is not null)
        {
            LedgerRows.ReplaceMessages(db, machine.Local(gid), messages);
            MetadataReplay.ReapplyRegisters(db, machine.Origin, gid);
        }
    });

    private static void Settle(LedgerMachine[] machines, Random random)
    {
        foreach (LedgerMachine machine in machines)
        {
            machine.Clock.Advance(TimeSpan.FromHours(1));
            Array.ForEach(Gids, gid => Import(machine, gid, Contents[1]));
        }

        foreach (LedgerMachine to in machines)
        {
            Array.ForEach(machines, from => Deliver(from, to, random, share: 1));
            to.Replay();
            Assert.Equal(0, to.Replay().Deferred);
        }
    }

    private static void Compare(LedgerMachine[] machines)
    {
        string[] purged = [.. Gids.Where(gid => MetadataTable.HasRegister(machines[0].Db, gid, RegisterField.Purge))];
        string expected = Show(machines[0], purged);
        foreach (LedgerMachine machine in machines)
        {
            Assert.Equal(expected, Show(machine, purged));
            Assert.Empty(MissingConflicts(machine, purged));
            Dictionary<string, string> shown = Gids.ToDictionary(static g => g, g => Shown(machine, g), StringComparer.Ordinal);
            machine.Write(db => Array.ForEach(Gids, gid => MetadataReplay.ReapplyRegisters(db, machine.Origin, gid)));
            Assert.All(Gids, gid => Assert.Equal(shown[gid], Shown(machine, gid)));
        }
    }

    private static string Show(LedgerMachine machine, string[] purged) => string.Join('\n', [
        .. Gids.Select(gid => Shown(machine, gid)),
        .. LedgerRows.Registers(machine.Db).Where(line => !purged.Contains(line.Split(' ')[0])),
        .. purged.Select(gid => $"purged {gid} {MetadataTable.HasRegister(machine.Db, gid, RegisterField.Purge)}"),
    ]);

    private static string Shown(LedgerMachine machine, string gid)
    {
        string id = machine.Local(gid);
        return LedgerRows.Session(machine.Db, id) is { } session
            ? $"{gid} '{session.DisplayName}' {session.DeletedAt} {CurationTable.IsStarred(machine.Db, id)} {string.Join(',', LedgerRows.Pins(machine.Db, id))}"
            : $"{gid} excluded {CurationTable.IsExcluded(machine.Db, id)} starred {CurationTable.IsStarred(machine.Db, id)}";
    }

    /// <summary>
    /// The last word of an origin on a register, when another origin has the winning one and nobody else said the same, was in
    /// conflict wherever it arrived: it met a newer edit, or a newer edit met it.
    /// </summary>
    private static IEnumerable<string> MissingConflicts(LedgerMachine machine, string[] purged)
    {
        HashSet<string> losers = [.. machine.Db.Query("SELECT losing_order_key FROM metadata_conflicts", static row => row.Text(0))];
        IEnumerable<RegisterEntry> events = Origins.SelectMany(machine.Store.Of)
            .Select(static e => EventInspector.Inspect(e.Artifact, e.Bytes, "zz-nobody").Entry!).Where(e => !purged.Contains(e.Gid));
        foreach (IGrouping<(string, string), RegisterEntry> register in events.GroupBy(static e => (e.Gid, e.Field)))
        {
            RegisterEntry winner = register.MaxBy(static e => e.OrderKey, StringComparer.Ordinal)!;
            foreach (RegisterEntry last in register.GroupBy(static e => e.Origin)
                .Select(static g => g.MaxBy(static e => e.OrderKey, StringComparer.Ordinal)!))
            {
                bool alone = register.Count(e => e.Op == last.Op && e.Value == last.Value) == 1;
                if (alone && last.Origin != winner.Origin && !losers.Contains(last.OrderKey))
                {
                    yield return $"{machine.Origin}: {last}";
                }
            }
        }
    }

    private static Dictionary<string, string> OrderKeys(LedgerMachine machine) => LedgerRows.Registers(machine.Db)
        .Select(static line => line.Split(' ')).ToDictionary(static p => $"{p[0]} {p[1]}", static p => p[2], StringComparer.Ordinal);
}
