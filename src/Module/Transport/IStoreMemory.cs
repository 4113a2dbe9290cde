namespace ArtifactSync.Transport;

/// <summary>What was found out about a store once and need not be asked again.</summary>
internal interface IStoreMemory
{
    /// <summary>Whether the store creates conditionally; null = not known.</summary>
    bool? ConditionalCreate(string store);

    void Remember(string store, bool conditionalCreate);
}

/// <summary>Knows nothing for longer than the process lives.</summary>
internal sealed class NoMemory : IStoreMemory
{
    public static readonly NoMemory Instance = new();

    public bool? ConditionalCreate(string store) => null;

    public void Remember(string store, bool conditionalCreate)
    {
    }
}
