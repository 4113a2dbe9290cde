namespace ArtifactSync.Tests.Cmdlets;

/// <summary>Files of the repository that tests compare with the code.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string Read(params string[] path) => File.ReadAllText(Path.Combine([Root, .. path]));

    private static string Find(string folder) => File.Exists(Path.Combine(folder, "ArtifactSync.slnx"))
        ? folder
        : Find(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("ArtifactSync.slnx is in no parent folder."));
}
