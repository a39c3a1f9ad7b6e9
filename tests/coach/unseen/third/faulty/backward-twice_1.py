import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)


class AutoClassifier(nn.Module):
    """Autoencoder whose code is also used to predict the class."""

    def __init__(self, n_in=20, code=6, n_classes=3):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(n_in, 32), nn.ReLU(), nn.Linear(32, code))
        self.decoder = nn.Sequential(nn.Linear(code, 32), nn.ReLU(), nn.Linear(32, n_in))
        self.classifier = nn.Linear(code, n_classes)

    def forward(self, x):
        z = self.encoder(x)
        return self.decoder(z), self.classifier(z)


groups = torch.randn(3, 20)
labels = torch.arange(360) % 3
data = (groups[labels] + torch.randn(360, 20)) / 2 ** 0.5
loader = DataLoader(TensorDataset(data, labels), batch_size=30, shuffle=True)

model = AutoClassifier()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for epoch in range(5):
    rec_total, cls_total = 0.0, 0.0
    for x, y in loader:
        optimizer.zero_grad()
        reconstruction, scores = model(x)
        rec_loss = F.mse_loss(reconstruction, x)
        cls_loss = F.cross_entropy(scores, y)
        rec_loss.backward()  # coach: backward-twice
        cls_loss.backward()  # coach-line: backward-twice
        optimizer.step()
        rec_total += rec_loss.item()
        cls_total += cls_loss.item()
    print(f"epoch {epoch + 1}: reconstruction {rec_total / len(loader):.4f}, class {cls_total / len(loader):.4f}")
