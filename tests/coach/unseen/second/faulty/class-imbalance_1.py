import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

# fraud detection, 2 % positives
torch.manual_seed(58)
N = 800
is_fraud = (torch.rand(N) < 0.02).float()
tx = torch.randn(N, 8) + 0.4 * is_fraud.unsqueeze(1)

loader = DataLoader(TensorDataset(tx, is_fraud.unsqueeze(1)), batch_size=64, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
criterion = nn.BCEWithLogitsLoss()  # coach: class-imbalance
optimizer = optim.Adam(model.parameters(), lr=0.01)

for epoch in range(4):
    right = 0
    for x, t in loader:
        optimizer.zero_grad()
        z = model(x)
        loss = criterion(z, t)
        loss.backward()
        optimizer.step()
        right += ((z > 0).float() == t).sum().item()
    print(f"epoch {epoch}: accuracy {right / N:.3f}")
# coach-also: constant-predictions
