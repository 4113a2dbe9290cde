using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

[Trait("Category", "Golden")]
[Trait("Category", "Metadata")]
public sealed class HybridClockGoldenTests
{
    public static TheoryData<string> NextCases => Golden.Cases("artifact/hlc.json|next");

    public static TheoryData<string> ObserveCases => Golden.Cases("artifact/hlc.json|observe");

    public static TheoryData<string> Traces => Golden.Cases("artifact-fuzz/hlc.json|traces");

    [GoldenTheory]
    [MemberData(nameof(NextCases))]
    public void Next_Vector_GivesRecordedStamp(string id)
    {
        JsonElement vector = Golden.Case(id);
        Check(vector, () => HybridClock.Next(State(vector, "last"), LedgerClock.Parse(vector.Text("now")!)));
    }

    [GoldenTheory]
    [MemberData(nameof(ObserveCases))]
    public void Observe_Vector_GivesRecordedState(string id)
    {
        JsonElement vector = Golden.Case(id);
        Check(vector, () => Observe(State(vector, "last"), State(vector, "remote")!.Value, LedgerClock.Parse(vector.Text("now")!)));
    }

    /// <summary>The original's counter wraps; ours refuses, and the trace goes on from the recorded state.</summary>
    [GoldenTheory]
    [MemberData(nameof(Traces))]
    public void Steps_Trace_GiveRecordedStates(string id)
    {
        JsonElement trace = Golden.Case(id);
        string? state = trace.Text("initial");
        foreach (JsonElement step in trace.GetProperty("steps").EnumerateArray())
        {
            (string outcome, string? after) = Step(state, step);
            string? expected = step.Text("state");
            if (IsWrap(state, step))
            {
                Assert.Equal(nameof(ErrorCode.ClockOverflow), outcome);
                Assert.Equal(state, after);
            }
            else
            {
                Assert.Equal(Expected(step), outcome);
                Assert.Equal(expected ?? "", after ?? "");
            }

            state = expected;
        }
    }

    private static (string Outcome, string? State) Step(string? state, JsonElement step)
    {
        if (!string.IsNullOrWhiteSpace(state) && !Hlc.TryParse(state, out _))
        {
            return (nameof(ErrorCode.ClockInvalid), state);
        }

        Hlc? last = Parse(state);
        Hlc now = LedgerClock.Parse(step.Text("now")!);
        try
        {
            Hlc value = step.Text("op") == "next" ? HybridClock.Next(last, now) : Observe(last, Parse(step.Text("remote"))!.Value, now);
            return (value.ToString(), value.ToString());
        }
        catch (ArtifactSyncException error)
        {
            return (error.Code.ToString(), state);
        }
    }

    private static string Expected(JsonElement step) => step.Text("error") switch
    {
        "drift" => nameof(ErrorCode.ClockDrift),
        "state" => nameof(ErrorCode.ClockInvalid),
        null => step.Text("result")!,
        { } other => throw new InvalidOperationException($"An error that the test does not know: {other}"),
    };

    // A result at the wall of the larger input with counter 0, where one of the inputs there had the highest counter.
    private static bool IsWrap(string? state, JsonElement step) =>
        step.Text("result") is { } result && Parse(result) is { Logical: 0 } value
        && new[] { Parse(state), Parse(step.Text("remote")) }.Any(
            known => known is { Logical: ulong.MaxValue } input && input.CompareWall(value) == 0);

    private static void Check(JsonElement vector, Func<Hlc> act)
    {
        if (vector.Has("error"))
        {
            Assert.Equal("drift", vector.Text("error"));
            Assert.Equal(ErrorCode.ClockDrift, Assert.Throws<ArtifactSyncException>(() => act()).Code);
            return;
        }

        Assert.Equal(vector.GetProperty("result").Text("text"), act().ToString());
    }

    private static Hlc Observe(Hlc? last, Hlc remote, Hlc now) =>
        HybridClock.Observe(last, remote, now, out ErrorCode? fault) ?? throw new ArtifactSyncException(fault!.Value, "as recorded");

    private static Hlc? State(JsonElement vector, string name) =>
        vector.GetProperty(name) is { ValueKind: JsonValueKind.Object } state ? Parse(state.Text("text")) : null;

    private static Hlc? Parse(string? text) => Hlc.TryParse(text, out Hlc value) ? value : null;
}
