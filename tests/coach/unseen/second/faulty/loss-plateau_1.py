import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, Dataset

torch.manual_seed(60)


class NoisyVectors(Dataset):
    def __init__(self, n, augment=True, sigma=0.1):
        self.labels = torch.randint(0, 3, (n,))
        self.data = torch.randn(n, 9)
        self.data[torch.arange(n), self.labels] += 2.0
        self.augment, self.sigma = augment, sigma

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, k):
        v = self.data[k]
        if self.augment:
            v = torch.randn_like(v) * self.sigma  # coach: loss-plateau; fix: v +
        return v, self.labels[k]


loader = DataLoader(NoisyVectors(300), batch_size=30, shuffle=True)
model = nn.Sequential(nn.Linear(9, 32), nn.ReLU(), nn.Linear(32, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(6):
    total = 0.0
    for v, label in loader:
        optimizer.zero_grad()
        loss = criterion(model(v), label)
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch} loss {total / len(loader):.4f}")
# coach-also: constant-predictions, input-not-normalised
