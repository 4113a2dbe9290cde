using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

/// <summary>Documents of which a test only cares about some members.</summary>
internal static class Some
{
    public const string Origin = "laptop-a1b2c3";

    public static MessageRecord Message(long ordinal, int calls = 0, int eventsPerCall = 0, string content = "") => new()
    {
        Ordinal = ordinal,
        Content = content,
        ToolCalls = [.. Enumerable.Range(0, calls).Select(c => Call(c, eventsPerCall))],
    };

    public static ToolCallRecord Call(int index, int events) => new()
    {
        CallIndex = index,
        ResultEvents = [.. Enumerable.Range(0, events).Select(static e => new ToolResultEventRecord { EventIndex = e })],
    };
}
