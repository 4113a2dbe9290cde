namespace ArtifactSync.Wire;

/// <summary>The five kinds of artifact, in the order of an exchange: dependencies before what refers to them (spec 10.1).</summary>
public enum ArtifactKind
{
    Segments,
    Raw,
    Manifests,
    Meta,
    Checkpoints,
}

/// <summary>
/// Identity of one immutable artifact: origin, kind and wire name (spec 2.2). Instances exist only for valid names:
/// make them with <see cref="ArtifactName"/>.
/// </summary>
public sealed record ArtifactRef
{
    internal ArtifactRef(string origin, ArtifactKind kind, string name) => (Origin, Kind, Name) = (origin, kind, name);

    /// <summary>A valid origin id (spec 1.1).</summary>
    public string Origin { get; }

    public ArtifactKind Kind { get; }

    /// <summary>The wire name: the last part of a path, a key or a URL, e.g. <c>cp-0000000001.json</c>.</summary>
    public string Name { get; }

    /// <summary>Path below a store, with forward slashes.</summary>
    public string Path => $"{Origin}/{ArtifactName.KindDirectory(Kind)}/{Name}";

    public override string ToString() => Path;
}
