using System.Globalization;
using System.Text;
using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Metadata;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

/// <summary>Recorded register logic: outcomes, registers, markers, conflict rows and what the archive shows.</summary>
[Trait("Category", "Golden")]
[Trait("Category", "Metadata")]
public sealed class RegisterGoldenTests
{
    public static TheoryData<string> Scenarios => Golden.Cases("artifact/replay-scenarios.json|scenarios");

    public static TheoryData<string> FuzzScenarios => Golden.Cases("artifact-fuzz/replay.json|scenarios");

    public static TheoryData<string> Events =>
        Golden.Cases("artifact/metadata-events.json|vectors", "artifact-fuzz/metadata-events.json|vectors");

    /// <summary>
    /// Runs in which the original shows pins or a time of deletion that depend on the order of arrival (spec 9.9). Ours shows
    /// what the registers say; <see cref="Visible_OfEqualRegisters_IsEqual"/> holds for them too.
    /// </summary>
    private static readonly HashSet<string> OrderDependent = new(StringComparer.Ordinal)
    {
        "scenario-017/2 visible pins", "scenario-026/2 visible pins", "scenario-026/3 visible pins", "scenario-030/3 visible pins",
        "scenario-076/2 visible pins", "scenario-030/2 visible_after_reapply pins", "scenario-030/3 visible_after_reapply pins",
        "scenario-076/2 visible_after_reapply pins", "scenario-076/3 visible_after_reapply pins",
        "scenario-025/2 deleted_at", "scenario-028/2 deleted_at", "scenario-028/3 deleted_at", "scenario-065/3 deleted_at",
        "scenario-066/3 deleted_at",
    };

    [GoldenTheory]
    [MemberData(nameof(Events))]
    public void Inspect_Vector_GivesRegister(string id)
    {
        JsonElement vector = Golden.Case(id);
        byte[] bytes = vector.Bytes("canonical_hex", "canonical");
        string origin = vector.GetProperty("input").Text("origin") ?? "";
        if (!ArtifactName.TryParse(origin, ArtifactKind.Meta, vector.Text("file_name"), out ArtifactRef? artifact))
        {
            Assert.False(OriginId.IsValid(origin));
            return;
        }

        InspectedEvent seen = EventInspector.Inspect(artifact, bytes, "zz-local");

        Assert.Equal(vector.Text("register_field"), seen.Entry?.Field);
        Assert.Equal(vector.Text("register_value"), seen.Entry?.Value);
        Assert.Equal(
            vector.Has("register_field") ? EventVerdict.Apply
            : vector.GetProperty("input").GetProperty("v").GetInt64() > 1 ? EventVerdict.Future : EventVerdict.QuarantineApplied,
            seen.Verdict);
    }

    [GoldenTheory]
    [MemberData(nameof(Scenarios))]
    public void Apply_Scenario_GivesRecordedRows(string id)
    {
        JsonElement scenario = Golden.Case(id);
        using var machine = new LedgerMachine(scenario.Text("local_origin"));
        machine.Write(db =>
        {
            var registers = new RegisterStore(db, machine.Origin, 0);
            foreach (JsonElement vector in scenario.GetProperty("events_in_processing_order").EnumerateArray())
            {
                RegisterEntry entry = Entry(vector);
                registers.Record(entry, show: false); // targets are assumed present
            }
        });

        Assert.Equal(scenario.GetProperty("registers").EnumerateArray().Select(Register).Order(StringComparer.Ordinal),
            LedgerRows.Registers(machine.Db));
        Assert.Equal(scenario.GetProperty("conflicts").EnumerateArray().Select(Conflict), LedgerRows.Conflicts(machine.Db));
        Assert.Equal(
            scenario.GetProperty("applied").EnumerateArray().Select(static a => $"{a.Text("origin")} {a.Text("order_key")}")
                .Order(StringComparer.Ordinal),
            LedgerRows.Applied(machine.Db));
    }

    [GoldenTheory]
    [MemberData(nameof(FuzzScenarios))]
    public void Apply_RandomScenario_GivesRecordedRows(string id)
    {
        JsonElement scenario = Golden.Case(id);
        RegisterEntry[] events = [.. scenario.GetProperty("events").EnumerateArray().Select(Entry)];
        foreach ((int index, JsonElement run) in scenario.GetProperty("runs").EnumerateArray().Index())
        {
            using var machine = new LedgerMachine(run.Text("local_origin"));
            Deliver(machine, scenario, run, events);

            CheckRows(machine, run, events);
            CheckVisible(machine, run, "visible", "visible", $"{scenario.Text("name")}/{index}");
            machine.Write(db => Reapply(db, machine.Origin, scenario));
            string after = run.Has("visible_after_reapply") ? "visible_after_reapply" : "visible";
            CheckVisible(machine, run, after, "visible_after_reapply", $"{scenario.Text("name")}/{index}");
        }
    }

    /// <summary>What decides is the registers alone: receivers with equal ones show the same, in whatever order the events came.</summary>
    [GoldenTheory]
    [MemberData(nameof(FuzzScenarios))]
    public void Visible_OfEqualRegisters_IsEqual(string id)
    {
        JsonElement scenario = Golden.Case(id);
        RegisterEntry[] events = [.. scenario.GetProperty("events").EnumerateArray().Select(Entry)];
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonElement run in scenario.GetProperty("runs").EnumerateArray())
        {
            using var machine = new LedgerMachine("zz-local");
            Deliver(machine, scenario, run, events, foreign: true);
            string registers = string.Join('\n', LedgerRows.Registers(machine.Db));
            string visible = string.Join('\n', Gids(scenario).Select(gid => Show(machine.Db, gid)));
            if (!seen.TryAdd(registers, visible))
            {
                Assert.Equal(seen[registers], visible);
            }
        }
    }

    private static void Deliver(LedgerMachine machine, JsonElement scenario, JsonElement run, RegisterEntry[] events, bool foreign = false)
    {
        string[] absent = [.. run.GetProperty("absent_at_start").EnumerateArray().Select(static g => g.GetString()!)];
        foreach (string gid in Gids(scenario).Except(absent))
        {
            machine.AddSession(Gid.ToLocal(machine.Origin, gid), Messages(scenario));
        }

        foreach (JsonElement step in run.GetProperty("steps").EnumerateArray())
        {
            machine.Write(db => Do(db, machine.Origin, scenario, step, events, foreign));
        }
    }

    private static void Do(Database db, string origin, JsonElement scenario, JsonElement step, RegisterEntry[] events, bool foreign)
    {
        if (step.ValueKind == JsonValueKind.Object)
        {
            string local = Gid.ToLocal(origin, step.Text("add_session")!);
            if (!foreign)
            {
                Assert.Equal(step.GetProperty("refused").GetBoolean(), CurationTable.IsExcluded(db, local));
            }

            if (!CurationTable.IsExcluded(db, local))
            {
                LedgerRows.AddSession(db, local, Messages(scenario));
                if (foreign)
                {
                    MetadataReplay.ReapplyRegisters(db, origin, step.Text("add_session")!); // as ingest does
                }
            }

            return;
        }

        var registers = new RegisterStore(db, origin, 0);
        RegisterEntry entry = events[step[0].GetInt32()];
        ApplyResult result = step.GetArrayLength() > 2 && !foreign ? registers.Record(entry, show: false) : registers.Apply(entry);
        registers.Complete();
        if (!foreign)
        {
            Assert.Equal(step[1].GetString() == "missing" ? nameof(ApplyOutcome.TargetMissing) : step[1].GetString(),
                result.Outcome.ToString(), ignoreCase: true);
        }
    }

    private static void CheckRows(LedgerMachine machine, JsonElement run, RegisterEntry[] events)
    {
        Assert.Equal(
            run.GetProperty("registers").EnumerateArray().Select(r => Line(events[r[2].GetInt32()])).Order(StringComparer.Ordinal),
            LedgerRows.Registers(machine.Db).Order(StringComparer.Ordinal));
        Assert.Equal(
            run.GetProperty("conflicts").EnumerateArray().Select(c => Line(events[c[2].GetInt32()], events[c[3].GetInt32()])),
            LedgerRows.Conflicts(machine.Db));
        Assert.Equal(
            run.GetProperty("applied").EnumerateArray().Select(a => $"{events[a.GetInt32()].Origin} {events[a.GetInt32()].OrderKey}")
                .Order(StringComparer.Ordinal),
            LedgerRows.Applied(machine.Db).Order(StringComparer.Ordinal));
    }

    private static void CheckVisible(LedgerMachine machine, JsonElement run, string member, string moment, string name)
    {
        if (!run.Has(member))
        {
            return; // runs with own events: their mutations were not part of the recording
        }

        (bool Pins, bool DeletedAt)[] recorded =
            [.. run.GetProperty(member).EnumerateArray().Select(visible => LedgerVectors.AssertVisible(machine, visible))];
        Assert.Equal(!OrderDependent.Contains($"{name} {moment} pins"), recorded.All(static r => r.Pins));
        Assert.Equal(!OrderDependent.Contains(name + " deleted_at"), recorded.All(static r => r.DeletedAt));
    }

    private static void Reapply(Database db, string origin, JsonElement scenario)
    {
        foreach (string gid in Gids(scenario))
        {
            MetadataReplay.ReapplyRegisters(db, origin, gid);
        }
    }

    private static string Show(Database db, string id) => LedgerRows.Session(db, id) is { } session
        ? $"{id} {session.DisplayName} {session.DeletedAt} {string.Join(',', LedgerRows.Pins(db, id))} {CurationTable.IsStarred(db, id)}"
        : $"{id} gone {CurationTable.IsExcluded(db, id)}";

    private static IEnumerable<string> Gids(JsonElement scenario) => scenario.GetProperty("gids").EnumerateArray()
        .Select(static g => g.GetString()!);

    private static (long, string)[] Messages(JsonElement scenario) => LedgerVectors.Messages(scenario);

    private static RegisterEntry Entry(JsonElement vector)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(vector.Text("canonical")!);
        MetadataEvent document = EventDocument.Read(bytes);
        return EventInspector.Inspect(ArtifactName.Meta(document.Origin, vector.Text("order_key")!), bytes, "zz-nobody").Entry!;
    }

    private static string Line(RegisterEntry e) =>
        string.Create(CultureInfo.InvariantCulture, $"{e.Gid} {e.Field} {e.OrderKey} {e.Origin} {e.Op} {e.Value} {e.Hlc} {e.Sha256}");

    private static string Line(RegisterEntry w, RegisterEntry l) =>
        $"{w.Gid} {w.Field} {w.OrderKey} {l.OrderKey} {w.Origin} {l.Origin} {w.Op} {l.Op} {w.Value} {l.Value}";

    private static string Register(JsonElement r) =>
        $"{r.Text("session_gid")} {r.Text("field")} {r.Text("order_key")} {r.Text("origin")} {r.Text("op")} {r.Text("value")} {r.Text("hlc")} {r.Text("artifact_hash")}";

    private static string Conflict(JsonElement c) =>
        $"{c.Text("session_gid")} {c.Text("field")} {c.Text("winning_order_key")} {c.Text("losing_order_key")} {c.Text("winning_origin")} "
        + $"{c.Text("losing_origin")} {c.Text("winning_op")} {c.Text("losing_op")} {c.Text("winning_value")} {c.Text("losing_value")}";
}
