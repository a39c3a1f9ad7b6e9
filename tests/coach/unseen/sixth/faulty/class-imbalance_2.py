import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)

# rare cell type: ~3 % of the cells are "activated"; 15 marker genes (standardised log counts)
n_cells, n_genes = 2000, 15
is_rare = (torch.rand(n_cells) < 0.03).long()
expr = torch.randn(n_cells, n_genes)
expr[:, :5] += 0.9 * is_rare.float().unsqueeze(1)
expr = (expr - expr.mean(0)) / expr.std(0)

n_train = 1600
train_loader = DataLoader(TensorDataset(expr[:n_train], is_rare[:n_train]), batch_size=64, shuffle=True)  # coach-line: class-imbalance
val_loader = DataLoader(TensorDataset(expr[n_train:], is_rare[n_train:]), batch_size=200)

classifier = nn.Sequential(
    nn.Linear(n_genes, 16),
    nn.ReLU(),
    nn.Dropout(0.1),
    nn.Linear(16, 2),
)
criterion = nn.CrossEntropyLoss()  # coach: class-imbalance; fix: weight
optimizer = torch.optim.Adam(classifier.parameters(), lr=1e-3, weight_decay=1e-4)

for epoch in range(6):
    classifier.train()
    for cells, types in train_loader:
        optimizer.zero_grad()
        loss = criterion(classifier(cells), types)
        loss.backward()
        optimizer.step()

    classifier.eval()
    right = 0
    with torch.no_grad():
        for cells, types in val_loader:
            right += (classifier(cells).argmax(1) == types).sum().item()
    print(f"epoch {epoch + 1}: val accuracy {right / (n_cells - n_train):.3f}")  # coach-also: constant-predictions
