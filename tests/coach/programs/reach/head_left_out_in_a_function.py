import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def train(encoder, decoder, loader, epochs=2, lr=1e-3):
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(encoder.parameters(), lr=lr)  # coach: stale-optimizer; fix: decoder.parameters()
    for _ in range(epochs):
        for (x,) in loader:
            optimizer.zero_grad()
            loss = criterion(decoder(encoder(x)), x)
            loss.backward()
            optimizer.step()
    return loss.item()


def main():
    encoder = nn.Sequential(nn.Linear(10, 6), nn.ReLU(), nn.Linear(6, 2))
    decoder = nn.Sequential(nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 10))
    print(train(encoder, decoder, DataLoader(TensorDataset(torch.randn(64, 10)), batch_size=16, shuffle=True)))


main()
