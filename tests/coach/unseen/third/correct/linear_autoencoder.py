"""A linear autoencoder with a 3-unit bottleneck should find the same subspace as PCA."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(109)

mixing = torch.randn(3, 12)
data = torch.randn(480, 3) @ mixing + 0.2 * torch.randn(480, 12)
data = (data - data.mean(0)) / data.std(0)
train_data, test_data = data[:400], data[400:]
loader = DataLoader(TensorDataset(train_data), batch_size=40, shuffle=True)


class LinearAutoencoder(nn.Module):
    def __init__(self, n_features, n_code):
        super().__init__()
        self.encoder = nn.Linear(n_features, n_code, bias=False)
        self.decoder = nn.Linear(n_code, n_features, bias=False)

    def forward(self, x):
        return self.decoder(self.encoder(x))


def pca_error(train, test, k):
    _, _, v = torch.linalg.svd(train, full_matrices=False)
    basis = v[:k].T
    return ((test - test @ basis @ basis.T) ** 2).mean().item()


model = LinearAutoencoder(12, 3)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)

for epoch in range(20):
    model.train()
    for (x,) in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), x)
        loss.backward()
        optimizer.step()
    if epoch % 5 == 4:
        model.eval()
        with torch.no_grad():
            test_loss = criterion(model(test_data), test_data).item()
        print(f"epoch {epoch + 1}: train {loss.item():.4f}  test {test_loss:.4f}")

print(f"PCA with 3 components: {pca_error(train_data, test_data, 3):.4f}")
