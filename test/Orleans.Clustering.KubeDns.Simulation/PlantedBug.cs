using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>One text of one file, and what stands there instead.</summary>
internal sealed record Edit(string File, string Text, string Replacement)
{
    /// <summary>As on a command line: <c>File.cs: text ==> replacement</c>, with <c>;;</c> between several.</summary>
    public static IReadOnlyList<Edit> Parse(string text) => text.Split(";;").Select(One).ToList();

    private static Edit One(string text)
    {
        var file = text.IndexOf(": ", StringComparison.Ordinal);
        var arrow = text.IndexOf(" ==> ", StringComparison.Ordinal);
        if (file < 0 || arrow < file) throw new ArgumentException($"'{text}' is not 'File.cs: text ==> replacement'.");
        return new Edit(text[..file].Trim(), text[(file + 2)..arrow], text[(arrow + 5)..].TrimEnd());
    }
}

/// <summary>
/// A copy of the core and the simulation in which texts are replaced, compiled when the test runs: the product
/// carries no hook for it. The text must still be there, so that a bug cannot fall out of use unnoticed.
/// </summary>
internal sealed class PlantedBug(params IReadOnlyList<Edit> edits)
{
    /// <summary>Rooms and files that make up a simulation, below the repository.</summary>
    private static readonly string[] Folders =
    [
        "src/Orleans.Clustering.KubeDns/Consensus",
        "src/Orleans.Clustering.KubeDns/Table",
        "test/Orleans.Clustering.KubeDns.Simulation",
        "test/Orleans.Clustering.KubeDns.Simulation/Linearizability",
        "test/Orleans.Clustering.KubeDns.Simulation/Scopes",
    ];

    private static readonly string[] NotSimulated =
        ["Program.cs", "PlantedBug.cs", "PlantedBugs.cs", "Soak.cs", "Figures.cs"];

    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        """;

    /// <summary>Runs seeds until one shows the bug; null if none of that many does.</summary>
    public (ulong Seed, string Error)? Hunt(ulong from, ulong mostSeeds)
    {
        var execute = Compile();
        for (var seed = from; seed < from + mostSeeds; seed++)
        {
            if (Try(execute, seed) is { } error) return (seed, error);
        }

        return null;
    }

    /// <summary>Runs all these seeds, on all cores, and says which of them show it, and how.</summary>
    public IReadOnlyList<(ulong Seed, string Error)> Catches(ulong from, ulong count)
    {
        var execute = Compile();
        return Enumerable.Range(0, (int)count).AsParallel()
            .Select(each => (Seed: from + (ulong)each, Error: Try(execute, from + (ulong)each)))
            .Where(each => each.Error is not null).Select(each => (each.Seed, each.Error!))
            .OrderBy(each => each.Seed).ToList();
    }

    /// <summary>Calls a method of the simulation with the bug planted; what it says, or breaks of a rule.</summary>
    public string? Ask(string type, string method, params object?[] arguments)
    {
        var asked = Load().GetType($"{typeof(PlantedBug).Namespace}.{type}", true)!.GetMethod(method)!;
        try
        {
            return asked.Invoke(null, arguments)?.ToString();
        }
        catch (TargetInvocationException error)
        {
            return error.InnerException!.Message;
        }
    }

    private static string? Try(MethodInfo execute, ulong seed)
    {
        try
        {
            execute.Invoke(null, [seed, null]);
            return null;
        }
        catch (TargetInvocationException error)
        {
            return error.InnerException!.Message;
        }
    }

    private MethodInfo Compile() =>
        Load().GetType("Orleans.Clustering.KubeDns.Simulation.Run", true)!.GetMethod("Execute")!;

    // Not collectible: the runtime crashed once (an access violation) in a run that had unloaded many of them. What
    // stays in memory is small.
    private Assembly Load()
    {
        var trees = Sources().Append(CSharpSyntaxTree.ParseText(Usings));
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create("Planted", trees, references, new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            optimizationLevel: OptimizationLevel.Release,
            nullableContextOptions: NullableContextOptions.Enable));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        var errors = result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        if (!result.Success) throw new InvalidOperationException(string.Join('\n', errors.Take(5)));
        image.Position = 0;
        return new AssemblyLoadContext($"planted in {edits[0].File}").LoadFromStream(image);
    }

    private IEnumerable<SyntaxTree> Sources()
    {
        var planted = new HashSet<Edit>();
        foreach (var path in Folders.SelectMany(folder => Directory.GetFiles(Path.Combine(Root(), folder), "*.cs")))
        {
            var name = Path.GetFileName(path);
            if (NotSimulated.Contains(name) || name.EndsWith("Tests.cs", StringComparison.Ordinal)) continue;
            var source = File.ReadAllText(path);
            foreach (var edit in edits.Where(edit => edit.File == name))
            {
                if (!source.Contains(edit.Text))
                    throw new InvalidOperationException($"'{edit.Text}' is not in {name} any more");
                source = source.Replace(edit.Text, edit.Replacement);
                planted.Add(edit);
            }

            yield return CSharpSyntaxTree.ParseText(source, path: path);
        }

        if (edits.FirstOrDefault(edit => !planted.Contains(edit)) is { } missing)
            throw new InvalidOperationException($"no file {missing.File} among the simulated ones");
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Orleans.Clustering.KubeDns.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("not below the repository");
    }

    /// <summary>Where figures for people go.</summary>
    public static string Artifact(string name) =>
        Path.Combine(Directory.CreateDirectory(Path.Combine(Root(), "artifacts")).FullName, name);
}
