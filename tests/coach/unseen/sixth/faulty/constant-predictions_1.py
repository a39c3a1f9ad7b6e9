import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def build_model(n_features: int, hidden: int = 32) -> nn.Module:
    return nn.Sequential(
        nn.Linear(n_features, hidden),
        nn.ReLU(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Linear(hidden, 1),
        nn.Softmax(dim=1),  # coach: constant-predictions; fix: nn.Sigmoid()
    )


def make_leads(n=700, n_features=8):
    x = torch.randn(n, n_features)
    converted = (x[:, 0] + 0.8 * x[:, 1] - 0.5 * x[:, 5] + 0.2 * torch.randn(n) > 0).float()
    return x, converted.unsqueeze(1)


def train(model, loader, epochs=8, lr=1e-3):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    bce = nn.BCELoss()
    model.train()
    for epoch in range(epochs):
        epoch_loss = 0.0
        for xb, yb in loader:
            p = model(xb)
            loss = bce(p, yb)  # coach-also: suspicious-initial-loss
            optimizer.zero_grad()
            loss.backward()  # coach-also: vanishing-gradients
            optimizer.step()
            epoch_loss += loss.item()
        print(f"epoch {epoch + 1}: bce={epoch_loss / len(loader):.3f}")


def validate(model, x, y):
    model.eval()
    with torch.no_grad():
        p = model(x)
    return ((p > 0.5).float() == y).float().mean().item()


def main():
    torch.manual_seed(314)
    x, y = make_leads()
    loader = DataLoader(TensorDataset(x[:560], y[:560]), batch_size=56, shuffle=True)
    model = build_model(x.shape[1])
    train(model, loader)
    print("lead score accuracy:", validate(model, x[560:], y[560:]))  # coach-also: degenerate-activation


main()
