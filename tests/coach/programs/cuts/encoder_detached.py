import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class AutoEncoder(nn.Module):
    def __init__(self, width=12, code=3):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(width, 8), nn.ReLU(), nn.Linear(8, code))
        self.decoder = nn.Sequential(nn.Linear(code, 8), nn.ReLU(), nn.Linear(8, width))

    def forward(self, x):
        z = self.encoder(x).detach()  # coach: detached-graph; fix: z = self.encoder(x)
        return self.decoder(z)


def main():
    data = torch.randn(64, 12)
    loader = DataLoader(TensorDataset(data), batch_size=16, shuffle=True)
    model = AutoEncoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.MSELoss()
    for epoch in range(2):
        for (batch,) in loader:
            recon = model(batch)
            loss = criterion(recon, batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


main()
