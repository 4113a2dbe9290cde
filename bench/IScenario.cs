namespace ArtifactSync.Bench;

/// <summary>One thing that is measured. A class with this interface and no constructor parameters is found by itself.</summary>
internal interface IScenario
{
    /// <summary>The word on the command line.</summary>
    string Name { get; }

    /// <summary>Sessions (or artifacts) when the command line names no number.</summary>
    int DefaultCount { get; }

    /// <summary>Makes its data below <see cref="BenchContext.Folder"/>, measures, and gives one result a line.</summary>
    IEnumerable<BenchResult> Run(BenchContext context);
}

/// <summary>One line of output.</summary>
/// <param name="Scenario">Name of the scenario, with a suffix where it has several parts.</param>
/// <param name="Seconds">Our time.</param>
/// <param name="PeakMb">Peak resident memory of this process while it was measured.</param>
/// <param name="Peer">Command that does comparable work on the same bytes; null = none.</param>
/// <param name="PeerSeconds">Its time.</param>
internal sealed record BenchResult(string Scenario, double Seconds, double PeakMb, string? Peer = null, double? PeerSeconds = null)
{
    /// <summary>Requests on the wire, where they are what matters.</summary>
    public long? Requests { get; init; }

    public double? Ratio => PeerSeconds is > 0 ? Seconds / PeerSeconds : null;
}
