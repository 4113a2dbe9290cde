using System.Runtime.InteropServices;
using ArtifactSync.Errors;
using SQLitePCL;

namespace ArtifactSync.Archive;

/// <summary>Loads the native SQLite library, once a process.</summary>
internal static class NativeSqlite
{
    private static readonly Lazy<bool> Loaded = new(Load, LazyThreadSafetyMode.PublicationOnly);

    public static void Require() => _ = Loaded.Value;

    private static bool Load()
    {
        try
        {
            Batteries_V2.Init();
            // A connection belongs to one thread at a time, so none needs a mutex of its own.
            _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MULTITHREAD);
            // Memory statistics cost a mutex at each allocation, 5 % of a bulk import, and nobody reads them. Refused when
            // SQLite is in use already, which does no harm.
            _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);
            return true;
        }
        catch (Exception e) when (Root(e) is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            throw new ArtifactSyncException(
                ErrorCode.NativeLibraryMissing,
                $"The native SQLite library 'e_sqlite3' cannot be loaded on {RuntimeInformation.RuntimeIdentifier}. " +
                $"Install the package built for this platform. Tried: {Probed()}{Root(e).Message}",
                "e_sqlite3",
                e);
        }
    }

    /// <summary>Where the loader of the module looked before the system did.</summary>
    private static string Probed() => AppContext.GetData("ArtifactSync.NativeProbe.e_sqlite3") is string paths ? paths + "; " : "";

    private static Exception Root(Exception e) => e is TypeInitializationException { InnerException: { } inner } ? Root(inner) : e;
}
