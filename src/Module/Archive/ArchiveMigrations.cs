using System.Globalization;
using System.Reflection;
using ArtifactSync.Errors;

namespace ArtifactSync.Archive;

/// <summary>One numbered step of the schema: <c>Migrations/NNNN-name.sql</c>.</summary>
internal sealed record ArchiveMigration(int Number, string Name, string Sql);

/// <summary>Brings an archive to the schema of this module; <c>PRAGMA user_version</c> is the number of the last step.</summary>
internal static class ArchiveMigrations
{
    /// <summary>"ASYN": tells an archive from other SQLite files.</summary>
    public const int ApplicationId = 0x4153594E;

    public static IReadOnlyList<ArchiveMigration> Embedded { get; } = Load();

    public static int Newest => Embedded[^1].Number;

    /// <summary>Refuses a file that is newer than this module, or of another program, before anything is done to it.</summary>
    public static void RequireKnown(string file, int userVersion, int applicationId)
    {
        if (applicationId != ApplicationId)
        {
            throw ArchiveFiles.NotAnArchive(file);
        }

        if (userVersion > Newest)
        {
            throw new ArtifactSyncException(
                ErrorCode.ArchiveVersionUnsupported,
                $"The archive '{file}' has version {userVersion}; this module knows versions up to {Newest}. " +
                "Update the module; the archive was not touched.",
                file);
        }
    }

    public static void Apply(Database db) => Apply(db, Embedded);

    /// <summary>
    /// Each missing step in a transaction of its own. Two processes may meet here: the version is read again under the write lock.
    /// </summary>
    internal static void Apply(Database db, IReadOnlyList<ArchiveMigration> migrations)
    {
        foreach (var migration in migrations.SkipWhile(m => m.Number <= Version(db)))
        {
            db.ExecuteScript("BEGIN IMMEDIATE");
            try
            {
                if (Version(db) < migration.Number)
                {
                    db.ExecuteScript(migration.Sql);
                    db.ExecuteScript(string.Create(
                        CultureInfo.InvariantCulture,
                        $"PRAGMA user_version = {migration.Number}; PRAGMA application_id = {ApplicationId}"));
                }

                db.ExecuteScript("COMMIT");
            }
            catch
            {
                if (db.InTransaction)
                {
                    db.ExecuteScript("ROLLBACK");
                }

                throw;
            }
        }
    }

    public static int Version(Database db) => db.Scalar<int>("PRAGMA user_version");

    private static ArchiveMigration[] Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var found = new List<ArchiveMigration>();
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)))
        {
            // ArtifactSync.Archive.Migrations.0001-foundation.sql
            var name = resource.Split('.')[^2];
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            found.Add(new ArchiveMigration(int.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), name[5..], reader.ReadToEnd()));
        }

        return [.. found.OrderBy(m => m.Number)];
    }
}
