using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Orleans.Clustering.KubeDns.Tests.Tidy;

/// <summary>The repository as the tidy tests read it: files by their path from the root.</summary>
internal static class SourceTree
{
    private static readonly string[] CodeFolders = ["src", "test", "samples", "bench"];
    private static readonly string[] Built = ["bin", "obj", "artifacts"];

    public static string Root { get; } = FindRoot();

    /// <summary>All C# files of the product, the tests, the samples and the benchmarks.</summary>
    public static IReadOnlyList<SourceFile> CSharp { get; } =
        [.. Files("*.cs", CodeFolders).Select(path => new SourceFile(path, Read(path)))];

    /// <summary>The path from the root of each file below the folders, with '/' between its parts.</summary>
    public static IEnumerable<string> Files(string pattern, params string[] folders) => folders
        .Select(folder => Path.Combine(Root, folder))
        .Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories))
        .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
        .Where(path => !path.Split('/').Any(Built.Contains))
        .Order(StringComparer.Ordinal);

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Orleans.Clustering.KubeDns.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("These tests run inside the repository.");
    }
}

/// <summary>One C# file, parsed when first asked for.</summary>
internal sealed class SourceFile(string path, string text)
{
    private readonly Lazy<CompilationUnitSyntax> _syntax =
        new(() => CSharpSyntaxTree.ParseText(text).GetCompilationUnitRoot());

    public string Path => path;

    public string[] Lines => text.TrimEnd('\n').Split('\n');

    public CompilationUnitSyntax Syntax => _syntax.Value;

    /// <summary>The lines of a piece of code, its documentation not counted.</summary>
    public static int Length(SyntaxNode node)
    {
        var span = node.SyntaxTree.GetLineSpan(node.Span);
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }
}
