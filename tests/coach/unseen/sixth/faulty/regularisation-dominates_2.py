# sparse regression of a phenotype on expression of 40 genes; L1 to select genes
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)

n, genes = 500, 40
G = torch.randn(n, genes)
pheno = 1.0 * G[:, 2] - 0.8 * G[:, 11] + 0.5 * torch.relu(G[:, 30]) + 0.2 * torch.randn(n)
pheno = ((pheno - pheno.mean()) / pheno.std()).unsqueeze(1)

loader = DataLoader(TensorDataset(G[:400], pheno[:400]), batch_size=25, shuffle=True)

model = nn.Sequential(nn.Linear(genes, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
lam = 0.5  # coach: regularisation-dominates

for epoch in range(15):
    model.train()
    for g, p in loader:
        opt.zero_grad()
        fit = F.mse_loss(model(g), p)
        l1 = sum(w.abs().sum() for w in model.parameters())  # coach-line: regularisation-dominates
        loss = fit + lam * l1  # coach-line: regularisation-dominates
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        val = F.mse_loss(model(G[400:]), pheno[400:]).item()  # coach-also: constant-predictions
    print(f"{epoch:2d} fit {fit.item():.3f} l1 {l1.item():.2f} val mse {val:.3f}")
